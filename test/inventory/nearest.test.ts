import { expect, test } from 'vitest';
import { nearest } from '../../src/inventory/nearest.ts';

test.each([
  ['adress', ['address', 'interface'], 'address'],
  ['prot', ['port', 'user'], 'port'],
  ['Hosts', ['hosts', 'vips'], 'hosts'],
  ['keep_138', ['keep_13', 'kept', 'keep_136'], 'keep_13'],
  ['priority', ['priorities', 'name'], 'priorities'],
  ['c', ['a', 'b'], null],
  ['bogus', ['address', 'interface'], null],
  ['', ['a'], null],
])('%s among %j is %s', (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected);
});
