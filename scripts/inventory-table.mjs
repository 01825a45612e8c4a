// The module `haup:inventory-table`: the schema of src/inventory/schema.ts as plain data, for src/inventory/accept.ts. What
// the table has no word for fails the build.
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { madeModule, root } from './made-module.mjs';

export const inventoryTable = () =>
  madeModule('haup:inventory-table', join(root, 'src/inventory'), async () => {
    const { schema, functions } = await importedSchema();
    const names = new Map(Object.entries(functions).map(([word, used]) => [used, word]));
    return `export const table = ${literal(ruleOf(schema().all, names))};`;
  });

async function importedSchema() {
  const bundle = await rolldown({ cwd: root, input: 'src/inventory/schema.ts', platform: 'node' });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  await bundle.close();
  return import(`data:text/javascript;base64,${Buffer.from(output[0].code).toString('base64')}`);
}

/** A schema of zod's as a rule of src/inventory/accept.ts. */
function ruleOf(schema, names) {
  const { type, checks = [], ...def } = schema._zod.def;
  const limits = Object.assign({}, ...checks.map((each) => limitOf(each._zod.def)));
  const rule = (inner) => ruleOf(inner, names);
  const called = (used) => names.get(used) ?? unknown(`the function ${used}`);
  switch (type) {
    case 'string': {
      const patterns = checks.map(({ _zod }) => _zod.def.pattern ?? unknown(`the check ${_zod.def.check}`));
      return { is: 'text', patterns };
    }
    case 'number': {
      if (def.format !== undefined && def.format !== 'safeint') unknown(`the number ${def.format}`);
      return { is: 'number', whole: def.format === 'safeint', min: limits.min, max: limits.max };
    }
    case 'boolean':
      return { is: 'flag' };
    case 'enum':
      return { is: 'one', of: Object.values(def.entries) };
    case 'literal':
      return { is: 'one', of: def.values };
    case 'array':
      return { is: 'list', of: rule(def.element), least: limits.least ?? 0 };
    case 'object': {
      if (def.catchall?._zod.def.type !== 'never') unknown('an object that is not strict');
      return {
        is: 'map',
        keys: Object.fromEntries(Object.entries(def.shape).map(([key, inner]) => [key, rule(inner)])),
      };
    }
    case 'record':
      return { is: 'named', name: rule(def.keyType), of: rule(def.valueType) };
    case 'union':
      return { is: 'either', of: def.options.map(rule) };
    case 'optional':
      return { ...rule(def.innerType), absent: 'stays' };
    case 'default':
      return { ...rule(def.innerType), absent: 'is', value: def.defaultValue };
    case 'prefault':
      return { ...rule(def.innerType), absent: 'reads', value: def.defaultValue };
    case 'pipe': {
      const [from, to] = [def.in._zod.def, def.out._zod.def];
      if (from.type === 'transform') return { is: 'before', call: called(from.transform), of: rule(def.out) };
      if (to.type === 'transform') return { is: 'after', call: called(to.transform), of: rule(def.in) };
      return unknown('a pipe');
    }
    default:
      return unknown(`the type ${type}`);
  }
}

function limitOf({ check, value, inclusive, minimum }) {
  if (check === 'greater_than' && inclusive) return { min: value };
  if (check === 'less_than' && inclusive) return { max: value };
  if (check === 'min_length') return { least: minimum };
  if (check === 'string_format') return {};
  return unknown(`the check ${check}`);
}

function unknown(what) {
  throw new Error(`inventory-table: no rule says what ${what} of the schema does`);
}

/** As JSON, with regular expressions. */
function literal(value) {
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${literal(inner)}`)}}`;
}
