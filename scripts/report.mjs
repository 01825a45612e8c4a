// A reporter of vitest: what became of each test, as JSON in $HAUP_TEST_REPORT, for the summary of `npm test`.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { root } from './setup.mjs';

/** A message, and the trace without what the test runner adds of itself. */
const text = ({ message, stack = '', cause, diff }) =>
  [
    message,
    ...(typeof diff === 'string' ? [diff] : []),
    ...stack.split('\n').filter((line) => /^\s+at /.test(line) && !line.includes('/node_modules/')),
    ...(cause?.message === undefined ? [] : [`caused by: ${cause.message}`]),
  ].join('\n');

/** What kept a test from being run, when that was no decision of its own: a set-up that failed, or a test before it. */
function blockedBy(test) {
  const { blockedBy: before } = test.meta();
  if (before !== undefined) return { what: `the test ${JSON.stringify(before)}`, errors: [] };
  for (let above = test.parent; above !== undefined; above = above.parent) {
    const errors = above.errors();
    if (errors.length > 0)
      return { what: `the set-up of ${above.fullName ?? 'the file'}`, errors: errors.map(text) };
  }
  return null;
}

function outcome(test) {
  const result = test.result();
  return {
    name: test.fullName,
    state: result.state,
    errors: [...new Set((result.errors ?? []).map(text))],
    note: result.note ?? null,
    logs: test.meta().logs ?? null,
    blocked: result.state === 'skipped' ? blockedBy(test) : null,
  };
}

export default class Report {
  onTestRunEnd(modules, unhandled) {
    const files = modules.map((file) => {
      const tests = [...file.children.allTests()].map(outcome);
      const suites = [file, ...file.children.allSuites()];
      return {
        file: relative(root, file.moduleId),
        tests,
        /** Of set-ups, takings-down and of loading the file. */
        errors: suites.flatMap((suite) => suite.errors().map(text)),
      };
    });
    writeFileSync(process.env.HAUP_TEST_REPORT, JSON.stringify({ files, errors: unhandled.map(text) }));
  }
}
