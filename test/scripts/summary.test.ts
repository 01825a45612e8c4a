import { expect, test } from 'vitest';
import { count, judge, type Reported, toRunAgain } from '../../scripts/summary.mjs';

const passed = { state: 'passed', errors: [], note: null, logs: null, blocked: null } as const;
const file = 'test/e2e/some.test.ts';
const report = (tests: Reported['files'][number]['tests'], errors: readonly string[] = []): Reported => ({
  files: [{ file, tests, errors }],
  errors: [],
});

test('a failure has its message, the command that runs it alone, and where its logs lie', () => {
  const failed = { ...passed, name: "a host > does it (1.4 s), doesn't it", state: 'failed' } as const;
  expect(
    judge(
      'e2e',
      report([
        { ...passed, name: 'fine' },
        { ...failed, errors: ['expected\nthat'], logs: '/tmp/x' },
      ]),
    ),
  ).toEqual([
    {
      project: 'e2e',
      file,
      passed: 1,
      failed: 1,
      failures: [
        `${file}: a host > does it (1.4 s), doesn't it
   expected
   that
   alone: npx vitest run --project e2e ${file} -t 'a host does it \\(1\\.4 s\\), doesn'\\''t it'
   logs:  /tmp/x`,
      ],
    },
  ]);
});

test('tests that a set-up blocks are named once, with what it said', () => {
  const blocked = { what: 'the set-up of the file', errors: ['no lab'] };
  const skipped = { ...passed, state: 'skipped', blocked } as const;
  const judged = judge(
    'e2e-own',
    report(
      [
        { ...skipped, name: 'one' },
        { ...skipped, name: 'two' },
      ],
      ['no lab'],
    ),
  );
  expect(count(judged)).toEqual({ passed: 0, failed: 2 });
  expect(judged.flatMap(({ failures }) => failures)).toEqual([
    `${file}: blocked by the set-up of the file
   no lab
   blocked: one
   blocked: two
   alone: npx vitest run --project e2e-own ${file}`,
  ]);
});

test('a file that fails by itself counts, and so does a test that is skipped, unless only some were asked for', () => {
  const skipped = { ...passed, name: 'later', state: 'skipped' } as const;
  expect(count(judge('unit', report([skipped], ['it does not load'])))).toEqual({ passed: 0, failed: 2 });
  expect(judge('unit', report([skipped]), { filtered: true })).toMatchObject([{ failed: 0, failures: [] }]);
});

test('one or two files that failed are run again, more are not, nor what belongs to no file', () => {
  const failing = (name: string): Reported['files'][number] => ({
    file: name,
    tests: [{ ...passed, name: 'it', state: 'failed' }],
    errors: [],
  });
  const again = (names: readonly string[], errors: readonly string[] = []): readonly (string | null)[] =>
    toRunAgain(judge('unit', { files: [...report([]).files, ...names.map(failing)], errors })).map(
      (one) => one.file,
    );
  expect(again([])).toEqual([]);
  expect(again(['a', 'b'])).toEqual(['a', 'b']);
  expect(again(['a', 'b', 'c'])).toEqual([]);
  expect(again(['a'], ['a worker died'])).toEqual([]);
});
