// What the end of `npm test` says: a log of ten minutes is often kept by its tail alone.

/** The shell's word for a name of a test, as `vitest -t` takes it: a pattern for all its words. */
const pattern = (name) =>
  `'${name
    .replaceAll(' > ', ' ')
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll("'", `'\\''`)}'`;

const indented = (text) => text.replace(/^/gm, '   ');

/** The command that runs one test alone. */
const alone = ({ project, file }, name) =>
  `npx vitest run --project ${project} ${file}${name === null ? '' : ` -t ${pattern(name)}`}`;

/** The tests of one file, out of what report.mjs has written. */
function judgeFile(project, { file, tests, errors }, filtered) {
  const counts = { passed: 0, failed: 0 };
  const failures = [];
  const where = { project, file };
  const blocked = new Map();
  for (const test of tests) {
    if (test.state === 'passed') counts.passed += 1;
    else if (test.blocked !== null) {
      const { what, errors: why } = test.blocked;
      const group = blocked.get(what) ?? { why, names: [] };
      blocked.set(what, { ...group, names: [...group.names, test.name] });
    } else if (test.state === 'failed') {
      counts.failed += 1;
      failures.push(
        [
          `${file}: ${test.name}`,
          indented(test.errors.join('\n')),
          `   alone: ${alone(where, test.name)}`,
          ...(test.logs === null ? [] : [`   logs:  ${test.logs}`]),
        ].join('\n'),
      );
    } else if (!filtered) {
      // No test is skipped in silence.
      counts.failed += 1;
      failures.push(`${file}: ${test.name}\n   skipped${test.note === null ? '' : `: ${test.note}`}`);
    }
  }
  const told = new Set();
  for (const [what, { why, names }] of blocked) {
    counts.failed += names.length;
    for (const error of why) told.add(error);
    failures.push(
      [
        `${file}: blocked by ${what}`,
        ...why.map(indented),
        ...names.map((name) => `   blocked: ${name}`),
        `   alone: ${alone(where, null)}`,
      ].join('\n'),
    );
  }
  for (const error of errors.filter((one) => !told.has(one))) {
    counts.failed += 1;
    failures.push(`${file}\n${indented(error)}\n   alone: ${alone(where, null)}`);
  }
  return { project, file, ...counts, failures };
}

/**
 * The counts and failures of one run of vitest, file by file.
 * `file` is null for what failed outside of any test.
 */
export function judge(project, { files, errors }, { filtered = false } = {}) {
  const outside = errors.map((error) => ({
    project,
    file: null,
    passed: 0,
    failed: 1,
    failures: [`${project}: outside of any test\n${indented(error)}`],
  }));
  return [...outside, ...files.map((one) => judgeFile(project, one, filtered))];
}

export function count(judged) {
  const sum = (key) => judged.reduce((total, one) => total + one[key], 0);
  return { passed: sum('passed'), failed: sum('failed') };
}

/** More files than that do not fail by chance on one day. */
const mostAgain = 2;

/** The files that get a second run, alone: none when too much failed, or something that belongs to no file. */
export function toRunAgain(judged) {
  const broken = judged.filter(({ failed }) => failed > 0);
  return broken.length <= mostAgain && broken.every(({ file }) => file !== null) ? broken : [];
}
