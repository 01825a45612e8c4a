import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { inventoryJsonSchema } from '../../src/inventory/schema.ts';

const example = readFileSync(fileURLToPath(new URL('../../inventory.example.yaml', import.meta.url)), 'utf8');
const editor = z.fromJSONSchema(inventoryJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
const accepts = (text: string): boolean => editor.safeParse(parse(text)).success;

test('an editor accepts the example and the smallest inventory', () => {
  expect(accepts(example)).toBe(true);
  expect(accepts('hosts: {a: , b: {}}\nvips: [{address: 10.0.0.9, hosts: [a, b]}]\nvrrp:\n')).toBe(true);
});

test.each([
  ['an unknown key', `${example}\nbogus: 1\n`],
  ['a wrong VRID', example.replace('virtual_router_id: 51', 'virtual_router_id: 256')],
  ['a literal secret', example.replace('env:HAUP_AUTH_PASS:-1111', '"1111"')],
  ['a bad name', example.replace('  keep_136:', '  "keep 136":')],
  ['no VIPs', 'hosts: {a: , b: }\n'],
])('an editor marks %s', (_, text) => {
  expect(accepts(text)).toBe(false);
});

test('it is a file that editors can read: draft 7, plain JSON', () => {
  const schema = inventoryJsonSchema();
  expect(schema).toHaveProperty('$schema', 'http://json-schema.org/draft-07/schema#');
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
});
