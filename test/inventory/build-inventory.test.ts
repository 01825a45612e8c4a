import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, expectTypeOf, test } from 'vitest';
import { parse } from 'yaml';
import { build } from '../../src/inventory/build-inventory.ts';
import { secretKeys } from '../../src/inventory/patterns.ts';
import type { Written } from '../../src/inventory/schema.ts';
import { validate } from '../../src/inventory/validate.ts';
import type { HealthCheck, HookName, Inventory } from '../../src/model/domain.ts';
import { keys, uncommented } from './schema.ts';

const file = fileURLToPath(new URL('../../inventory.example.yaml', import.meta.url));
const sources = { secret: () => null, text: () => '', local: (name: string) => name };

/** Wraps a value; each path that is read is added to `seen`, in the form of test/inventory/schema.ts. */
function watched<T>(value: T, seen: Set<string>, path: readonly string[] = []): T {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key, receiver) {
      const child: unknown = Reflect.get(target, key, receiver);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return child;
      const step = Array.isArray(target) ? '0' : path.join('.') === 'hosts' ? '*' : key;
      seen.add([...path, step].join('.'));
      return watched(child, seen, [...path, step]);
    },
  });
}

test('every key of the schema is read when the inventory is built', () => {
  // The uncommented example has every key: see example.test.ts.
  const checked = validate(parse(uncommented(readFileSync(file, 'utf8'))));
  if (!checked.ok) throw new Error(JSON.stringify(checked.violations));
  const seen = new Set<string>();
  // Serialised, so that the keys of parts that are passed on whole are read too.
  JSON.stringify(build(watched(checked.written, seen), file, sources));
  const unread = keys().map(({ path }) => path.join('.'));
  expect(unread.length).toBeGreaterThan(60);
  expect(unread.filter((path) => !seen.has(path))).toEqual([]);
});

test('parts that are passed on whole have the same keys in the schema and in the domain', () => {
  expectTypeOf<keyof Written['vrrp']['check']>().toEqualTypeOf<keyof HealthCheck>();
  expectTypeOf<keyof Written['build']>().toEqualTypeOf<keyof Inventory['build']>();
  expectTypeOf<Exclude<keyof Written['hooks'], 'timeout'>>().toEqualTypeOf<HookName>();
});

test('every key that takes a reference counts as a secret', () => {
  const references = keys().filter(({ node }) => node.pattern?.startsWith('^(env:') ?? false);
  expect(new Set(references.map(({ path }) => path.at(-1)))).toEqual(secretKeys);
});
