/** The last step of the build: the JSON Schema of the inventory as a file, for editors. */

import { writeFileSync } from 'node:fs';
import { inventoryJsonSchema } from './schema.ts';

writeFileSync(
  new URL('../inventory.schema.json', import.meta.url),
  `${JSON.stringify(inventoryJsonSchema(), null, 2)}\n`,
);
