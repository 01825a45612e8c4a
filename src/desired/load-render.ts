/** Templates: the one place that knows Handlebars and the files below templates/. */

import { HaupError } from '../model/errors.ts';

/** Fills the template of this name; throws when it asks for a key that `data` lacks. */
export type Render = (template: string, data: object) => Uint8Array;

/** Loads every template, compiled when haup was built. */
export async function loadRender(): Promise<Render> {
  const [{ default: handlebars }, { specs }] = await Promise.all([
    import('handlebars/runtime.js'),
    import('haup:templates'),
  ]);
  const fills = new Map<string, (data: object) => string>();
  return (template, data) => {
    const spec = specs[template];
    if (spec === undefined) throw new Error(`there is no template ${template}.hbs`);
    const fill = fills.get(template) ?? handlebars.template(spec);
    fills.set(template, fill);
    return Buffer.from(fill(guarded(data, template)), 'utf8');
  };
}

/**
 * Handlebars' strict mode lets `{{#if typo}}` pass, and nothing of it keeps a value from adding a line:
 * a key that is missing is a mistake of haup's, a line break one of the inventory's.
 */
function guarded<T>(value: T, where: string): T {
  if (typeof value === 'string') {
    if (!/[\n\r\0]/.test(value)) return value;
    // The value is not shown: it may be a secret.
    throw new HaupError('INVENTORY_INVALID', `A value of the inventory would add a line to ${where}.`, {
      hint: 'Write it in one line.',
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get: (target, key) => {
      if (typeof key === 'string' && !(key in target)) {
        throw new Error(`${where} asks for ${key}, which it was not given`);
      }
      return guarded(Reflect.get(target, key) as unknown, `${where}: ${String(key)}`);
    },
  });
}
