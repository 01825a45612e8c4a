import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load.ts';
import { treeOf } from './hosts.ts';

const example = fileURLToPath(new URL('../../inventory.example.yaml', import.meta.url));
const tree = treeOf(await loadInventory(example, { env: {}, cwd: '/' }));

const files = Object.entries(tree).flatMap(([host, texts]) =>
  Object.entries(texts).map(([path, text]) => ({ name: `${host}${path}`, text })),
);

test('the example renders ten files for each host', () => {
  expect(Object.values(tree).map((texts) => Object.keys(texts).length)).toEqual([10, 10]);
});

test.each(files)('$name', async ({ name, text }) => {
  await expect(text).toMatchFileSnapshot(`../golden/desired/${name}`);
});
