import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readInventory } from './inventory.ts';
import type { Inventory } from '../../src/model/domain.ts';
import { Secret } from '../../src/model/secret.ts';

const root = join(import.meta.dirname, '../..');
export const exampleText = readFileSync(join(root, 'inventory.example.yaml'), 'utf8');

/** The example inventory, with versions that a present-day Debian can build. */
export function exampleInventory(change: (text: string) => string = (text) => text): Inventory {
  const text = change(exampleText)
    .replace('version: 2.2.4', 'version: 2.2.7')
    .replace('version: 1.20.1', 'version: 1.22.1');
  return readInventory(text, 'inventory.example.yaml', {
    resolveSecret: (ref) => new Secret('1111', ref),
    readText: (path) => readFileSync(join(root, path), 'utf8'),
  });
}
