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
  fc.assert(
    fc.property(fc.string({ unit: piece, maxLength: 16 }), (line) => {
      const words = shellWords(line);
      if (typeof words === 'string' || words.length === 0) return;
      const said = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
      expect(said.split('\0').slice(0, -1)).toEqual(words);
      compared++;
    }),
    { numRuns: 300 },
  );
  expect(compared).toBeGreaterThan(20);
});
