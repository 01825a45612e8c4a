import { expect, test } from 'vitest';
import { count, elapsed, listed, precise } from '../../src/report/words.ts';

test.each([
  [0, '0.0 s'],
  [949, '0.9 s'],
  [59_940, '59.9 s'],
  [59_960, '1 min 00 s'],
  [83_200, '1 min 23 s'],
  [3_600_000, '60 min 00 s'],
])('%i ms took %s', (ms, words) => {
  expect(elapsed(ms)).toBe(words);
});

test('a running time counts whole seconds that are over', () => {
  expect(elapsed(1999, 0)).toBe('1 s');
  expect(elapsed(59_999, 0)).toBe('59 s');
});

test.each([
  [0.4, '0 ms'],
  [622.6, '623 ms'],
  [9999, '9999 ms'],
  [12_345, '12.3 s'],
])('%f ms to the millisecond is %s', (ms, words) => {
  expect(precise(ms)).toBe(words);
});

test('plurals and lists', () => {
  expect([count(0, 'host'), count(1, 'host'), count(2, 'host')]).toEqual(['0 hosts', '1 host', '2 hosts']);
  expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ]);
});
