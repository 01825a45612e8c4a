import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { assumedFacts } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import { loadRender } from '../../src/desired/render.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { filesOf } from './files.ts';

const example = fileURLToPath(new URL('../../inventory.example.yaml', import.meta.url));
const inventory = await loadInventory(example, { env: {}, cwd: '/' });
const desired = desire(inventory, assumedFacts(inventory), await loadRender());

for (const { host, resources } of desired) {
  for (const file of filesOf(resources)) {
    test(`${host}${file.path}`, async () => {
      const text = Buffer.from(file.bytes).toString('utf8');
      await expect(text).toMatchFileSnapshot(`../golden/desired/${host}${file.path}`);
    });
  }
}
