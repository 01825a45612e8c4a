import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWords } from '../../src/base/shell-words.ts';

test.each([
  ["--with-cc-opt='-g -O2' --with-x", ['--with-cc-opt=-g -O2', '--with-x']],
  ["'--with-ld-opt=-Wl,-z,relro -pie'", ['--with-ld-opt=-Wl,-z,relro -pie']],
  ['--a="b c"d \\\n  --e', ['--a=b cd', '--e']],
  ['  ', []],
  ["''", ['']],
])('%s', (line, words) => {
  expect(shellWords(line)).toEqual(words);
});

test.each([
  ["--with-cc-opt='-O2", "has a ' that nothing closes"],
  ['--a="b\'', 'has a " that nothing closes'],
  ['--a\\', 'ends with a backslash'],
])('%s is no line', (line, wrong) => {
  expect(shellWords(line)).toBe(wrong);
});

test('words are those of a real sh, where that has nothing to expand', () => {
  const piece = fc.constantFrom(...Array.from('ab-=., \t\'"\\'));
  let compared = 0;
  // One shell for 30 lines: starting it is what takes time.
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: piece, maxLength: 16 }), { minLength: 30, maxLength: 30 }),
      (all) => {
        const lines = all.filter(
          (line) => typeof shellWords(line) !== 'string' && shellWords(line).length > 0,
        );
        const commands = lines.map((line) => `printf '%s\\0' ${line}\nprintf '\\1'\n`);
        const said = execFileSync('/bin/sh', ['-c', commands.join('')], { encoding: 'utf8' });
        const words = said.split('\u0001').slice(0, -1);
        expect(words.map((each) => each.split('\0').slice(0, -1))).toEqual(lines.map(shellWords));
        compared += lines.length;
      },
    ),
    { numRuns: 10 },
  );
  expect(compared).toBeGreaterThan(20);
});
