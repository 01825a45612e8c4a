import { expect, test } from 'vitest';
import { heldAddresses } from '../../src/measure/held-addresses.ts';

const tick = (fromMs: number, ...addresses: string[]) =>
  ({ kind: 'tick', fromMs, toMs: fromMs + 5, up: { fromMs: 0, toMs: 0 }, addresses }) as const;
const change = (address: string, held: boolean, atMs: number) =>
  ({ kind: 'change', address, held, atMs }) as const;

test('changes as they come, and those that were missed with the next list', () => {
  const held = heldAddresses();
  expect(held.take(tick(10, 'a'))).toEqual([{ address: 'a', held: true, atMs: 15 }]);
  expect(held.take(change('b', true, 100))).toEqual([{ address: 'b', held: true, atMs: 100 }]);
  expect(held.take(change('b', true, 101))).toEqual([]);
  expect(held.take(tick(200, 'b', 'c'))).toEqual([
    { address: 'a', held: false, atMs: 205 },
    { address: 'c', held: true, atMs: 205 },
  ]);
  expect([...held.current].toSorted()).toEqual(['b', 'c']);
});

test('a list that is older than a change does not undo it', () => {
  const held = heldAddresses();
  held.take(change('a', true, 300));
  expect(held.take(tick(299))).toEqual([]);
  expect(held.current.has('a')).toBe(true);
});
