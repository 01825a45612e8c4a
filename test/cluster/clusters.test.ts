import { expect, test } from 'vitest';
import { clusters } from '../../src/cluster/clusters.ts';
import { read } from '../inventory/reading.ts';

const of = (hosts: string, ...vips: string[]): string[][] =>
  clusters(
    read(
      `hosts: {${hosts}}\nvips: [${vips.map((each, i) => `{address: 10.0.0.${i + 1}, hosts: [${each}]}`).join(', ')}]\n`,
    ),
  );

test.each([
  ['one VIP', of('a: , b: ', 'a, b'), [['a', 'b']]],
  ['crossed VIPs are one cluster', of('a: , b: ', 'a, b', 'b, a'), [['a', 'b']]],
  [
    'two pairs',
    of('a: , b: , c: , d: ', 'a, c', 'd, b'),
    [
      ['a', 'c'],
      ['b', 'd'],
    ],
  ],
  ['a chain', of('a: , b: , c: , d: ', 'c, d', 'a, b', 'd, a'), [['a', 'b', 'c', 'd']]],
  ['a host without a VIP is its own', of('z: , a: , b: ', 'a, b'), [['z'], ['a', 'b']]],
])('%s', (_, found, expected) => {
  expect(found).toEqual(expected);
});
