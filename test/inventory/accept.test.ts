/** The table that the build makes of the schema accepts what zod accepts, and reads the same from it. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { accept } from '../../src/inventory/accept.ts';
import { validate } from '../../src/inventory/validate.ts';
import { keys, uncommented } from './schema.ts';

const file = fileURLToPath(new URL('../../inventory.example.yaml', import.meta.url));
const text = readFileSync(file, 'utf8');
type Path = readonly (string | number)[];

/** Whether both accept it. */
function agree(value: unknown): boolean {
  const found = accept(value);
  const checked = validate(value);
  expect(found !== null).toBe(checked.ok);
  if (found !== null) expect(found).toStrictEqual(checked);
  return checked.ok;
}

const whole = parse(uncommented(text)) as Readonly<Record<string, unknown>>;
const places = keys().map(({ path }) =>
  path.map((step) => (step === '*' ? 'keep_136' : step === '0' ? 0 : step)),
);

const least = { hosts: { a: null, b: {} }, vips: [{ address: '10.0.0.9', hosts: ['a', 'b'] }] };

test.each([
  { name: 'the example', value: parse(text), accepted: true },
  { name: 'the example with every key', value: parse(uncommented(text)), accepted: true },
  { name: 'the least', value: least, accepted: true },
  { name: 'the fast profile', value: { ...least, vrrp: { profile: 'fast', check: null } }, accepted: true },
  { name: 'empty sections', value: { ...least, vrrp: null, nginx: null, hooks: null }, accepted: true },
  { name: 'options in one line', value: { ...least, nginx: { configure: "--a --b='1 2'" } }, accepted: true },
  { name: 'a wrong option', value: { ...least, nginx: { configure: ['--prefix=/x'] } }, accepted: false },
  { name: 'an unknown key', value: { ...least, more: 1 }, accepted: false },
  { name: 'a wrong host name', value: { ...least, hosts: { 'a b': {} } }, accepted: false },
  {
    name: 'an IPv6 address',
    value: { ...least, vips: [{ address: '::1', hosts: ['a', 'b'] }] },
    accepted: false,
  },
  { name: 'no hosts', value: { vips: least.vips }, accepted: false },
  { name: 'a list', value: [], accepted: false },
  { name: 'nothing', value: null, accepted: false },
])('both judge alike: $name', ({ value, accepted }) => {
  expect(agree(value)).toBe(accepted);
});

/** Of each key: what a schema might be wrong about. */
const edges: readonly unknown[] = [
  null,
  true,
  false,
  '',
  ' ',
  'a',
  'auto',
  '0',
  [],
  {},
  [null],
  ['a'],
  ['a', 'b'],
  { a: {} },
  [1, 2],
  -1,
  0,
  0.01,
  0.5,
  1,
  2,
  3,
  40.95,
  254,
  255,
  256,
  1024,
  65535,
  65536,
  1e21,
  Number.NaN,
  Infinity,

  'source',
  'package',
  'fast',
  'env:A',
  'cmd:x',
  '1.2.3',
  '/usr/local/x',
  '10.0.0.1/24',
  'a\nb',
  '80 ssl',
];

test('both judge alike every edge at every key', () => {
  let accepted = 0;
  for (const path of places) {
    const { hosts, vips, [path[0] ?? '']: section } = whole;
    const part = { hosts, vips, [path[0] ?? '']: section };
    for (const edge of edges) if (agree(put(part, path, edge))) accepted += 1;
  }
  expect(accepted).toBeGreaterThan(200);
});

test('both judge alike any value in any place', () => {
  const change = fc.tuple(
    fc.constantFrom(...places),
    fc.oneof(fc.constantFrom(...edges), fc.jsonValue({ maxDepth: 3 })),
  );
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      agree(changes.reduce<unknown>((value, [path, edge]) => put(value, path, edge), whole));
    }),
    { numRuns: 500 },
  );
});

/** `value` with another one at `path`, where it has such a place. */
function put(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((item, i): unknown => (i === step ? put(item, rest, by) : item));
  if (typeof value !== 'object' || value === null || (rest.length > 0 && !Object.hasOwn(value, step)))
    return value;
  const map = value as Readonly<Record<string, unknown>>;
  return { ...map, [step]: put(map[step], rest, by) };
}
