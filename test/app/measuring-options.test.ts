import { expect, test } from 'vitest';
import { measuredAs } from '../../src/app/measuring-options.ts';
import { exampleInventory } from '../fakes/example.ts';

const inventory = exampleInventory();

test('the command line goes before the inventory, whose default is 20 of each kind', () => {
  expect(measuredAs(inventory, {}).verify).toEqual({ allow: ['stop', 'drain'], rate: null, connections: 20 });
  expect(measuredAs(inventory, { connections: '0' }).verify.connections).toBe(0);
  expect(measuredAs(inventory, { rate: '1000' }).verify.rate).toBe(1000);
  expect(measuredAs(inventory, { connections: '100' }).verify.connections).toBe(100);
});

test.each(['19', '1001', '200/s', '0x20'])('--rate %j is refused', (rate) => {
  expect(() => measuredAs(inventory, { rate })).toThrow(
    `--rate ${rate} is not a whole number from 20 to 1000.`,
  );
});

test.each(['', '-1', '1.5', '101', '1e1', 'none'])('--connections %j is refused', (connections) => {
  expect(() => measuredAs(inventory, { connections })).toThrow(
    `--connections ${connections} is not a whole number from 0 to 100.`,
  );
});
