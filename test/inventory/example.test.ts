import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadInventory } from '../../src/inventory/load.ts';
import { read } from './reading.ts';
import { keys, schema, uncommented } from './schema.ts';

const path = fileURLToPath(new URL('../../inventory.example.yaml', import.meta.url));
const text = readFileSync(path, 'utf8');
const whole = uncommented(text);

function at(value: unknown, keysDown: readonly string[]): unknown[] {
  const [key, ...rest] = keysDown;
  if (key === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (key === '*' || key === '0') return Object.values(value).flatMap((child) => at(child, rest));
  return Object.hasOwn(value, key) ? at((value as Record<string, unknown>)[key], rest) : [];
}

test("it describes the seed's environment", async () => {
  const { hosts, vips, vrrp, keepalived, nginx } = await loadInventory(path, { env: {}, cwd: '/' });
  expect(hosts.map(({ name, address, interface: device }) => [name, address, device])).toEqual([
    ['keep_136', '192.168.160.136', 'ens33'],
    ['keep_137', '192.168.160.137', 'ens33'],
  ]);
  expect(
    vips.map((vip) => [
      vip.name,
      vip.address.address,
      vip.virtualRouterId,
      vip.advertInt,
      ...vip.members.map((each) => `${each.host} ${each.priority}`),
    ]),
  ).toEqual([
    ['VI_1', '192.168.160.161', 51, 1, 'keep_136 100', 'keep_137 80'],
    ['VI_2', '192.168.160.162', 52, 1, 'keep_137 100', 'keep_136 80'],
  ]);
  expect([vrrp.version, vrrp.authPass?.reveal()]).toEqual([2, '1111']);
  expect(keepalived).toMatchObject({
    version: '2.2.4',
    from: 'source',
    prefix: '/usr/local/keepalived',
    configure: ['--sysconfdir=/etc'],
  });
  expect(nginx).toMatchObject({ version: '1.20.1', from: 'source', prefix: '/usr/local/nginx' });
});

test('its first line is what editors look for', () => {
  expect(text.split('\n', 1)).toEqual(['# yaml-language-server: $schema=./dist/inventory.schema.json']);
});

test('every key of the schema is in it', () => {
  const document: unknown = parse(whole);
  const missing = keys().filter(({ path: keysDown }) => at(document, keysDown).length === 0);
  expect(missing.map(({ path: keysDown }) => keysDown.join('.'))).toEqual([]);
  expect(keys().length).toBeGreaterThan(60);
});

test('with every commented key uncommented it is still valid', () => {
  expect(whole).not.toBe(text);
  const inventory = read(whole);
  expect(inventory.hosts).toHaveLength(3);
  expect(inventory.vips).toHaveLength(3);
  expect(inventory.nginx.sites.map(({ serves }) => serves.kind)).toEqual([
    'page',
    'root',
    'proxy',
    'stream',
    'file',
  ]);
});

test('the defaults it shows are the defaults', () => {
  const written = parse(text) as unknown;
  const document = parse(whole) as unknown;
  const told = keys().filter(
    ({ path: keysDown, node }) =>
      node.default !== undefined &&
      node.properties === undefined &&
      at(written, keysDown).length === 0 &&
      !keysDown.includes('0'),
  );
  expect(told.map(({ path: keysDown }) => keysDown.at(-1))).toEqual(
    expect.arrayContaining(['advert_int', 'fall', 'urls', 'sites']),
  );
  for (const { path: keysDown, node } of told) {
    const [shown] = at(document, keysDown);
    // The sites after the first show what else a site can be.
    const value = keysDown.at(-1) === 'sites' ? [(shown as unknown[])[0]] : shown;
    expect([keysDown.join('.'), value]).toEqual([keysDown.join('.'), node.default]);
  }
});

test('every key has a description for editors', () => {
  expect(
    keys()
      .filter(({ node }) => !node.description)
      .map(({ path: keysDown }) => keysDown.join('.')),
  ).toEqual([]);
  expect(schema.properties?.['vrrp']?.patternProperties).toHaveProperty('^x-');
});
