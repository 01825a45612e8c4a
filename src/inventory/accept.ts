/**
 * The inventory as written, when the schema accepts it: by a table that the build makes of the schema, since to load
 * zod and to build the schema takes longer than all else that `haup render` does. What is refused is left to zod, which
 * says why. Pure.
 */

import { type Rule, table } from 'haup:inventory-table';
import { configureOptions } from './configure-line.ts';
import { accepted, type Accepted } from './parts.ts';
import { emptyAsMap, withProfile } from './profile.ts';
import type { Written } from './schema.ts';
import { isMap } from './yaml-map.ts';

/** Null: the schema refuses it. */
export function accept(value: unknown): Accepted | null {
  const written = read(table, value);
  return written === refused ? null : accepted(written as Written);
}

const refused = Symbol('refused');

function read(rule: Rule, value: unknown): unknown {
  switch (rule.is) {
    case 'text':
      return typeof value === 'string' && rule.patterns.every((one) => one.test(value)) ? value : refused;
    case 'number': {
      const fits = rule.whole ? Number.isSafeInteger(value) : Number.isFinite(value);
      return fits && (value as number) >= rule.min && (value as number) <= rule.max ? value : refused;
    }
    case 'flag':
      return typeof value === 'boolean' ? value : refused;
    case 'one':
      return rule.of.includes(value) ? value : refused;
    case 'list': {
      if (!Array.isArray(value) || value.length < rule.least) return refused;
      const items = value.map((item) => read(rule.of, item));
      return items.includes(refused) ? refused : items;
    }
    case 'map':
      return isMap(value) ? readMap(rule.keys, value) : refused;
    case 'named': {
      if (!isMap(value)) return refused;
      const entries = Object.entries(value).map(([name, item]) => [
        read(rule.name, name) === refused ? refused : name,
        read(rule.of, item),
      ]);
      return entries.flat().includes(refused) ? refused : Object.fromEntries(entries);
    }
    case 'either': {
      for (const one of rule.of) {
        const found = read(one, value);
        if (found !== refused) return found;
      }
      return refused;
    }
    case 'before':
      return read(rule.of, functionOf(rule.call)(value));
    case 'after': {
      const found = read(rule.of, value);
      return found === refused ? refused : functionOf(rule.call)(found);
    }
  }
}

function readMap(keys: Readonly<Record<string, Rule>>, map: Readonly<Record<string, unknown>>): unknown {
  if (Object.keys(map).some((key) => !Object.hasOwn(keys, key))) return refused;
  const written: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries(keys)) {
    const given = map[key];
    if (given === undefined && rule.absent === 'stays') continue;
    const found = given === undefined && rule.absent === 'is' ? rule.value : read(rule, givenOr(given, rule));
    if (found === refused) return refused;
    written[key] = found;
  }
  return written;
}

const givenOr = (given: unknown, rule: Rule): unknown =>
  given === undefined && rule.absent === 'reads' ? rule.value : given;

/** Those that the schema names. */
function functionOf(name: string): (value: unknown) => unknown {
  if (name === 'emptyAsMap') return emptyAsMap;
  if (name === 'withProfile') return withProfile;
  if (name === 'optionsOf') return optionsOf;
  throw new Error(`accept.ts has no function ${name}`);
}

function optionsOf(value: unknown): unknown {
  const { options, wrong } = configureOptions(value as string | readonly string[]);
  return wrong.length > 0 ? refused : options;
}
