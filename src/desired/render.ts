/** Templates: the one place that knows Handlebars and reads the files below templates/. */

import { readdir, readFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';

/** Fills the template of this name; throws when it asks for a key that `data` lacks. */
export type Render = (template: string, data: object) => Uint8Array;

/** Reads and compiles every template once. */
export async function loadRender(): Promise<Render> {
  const { default: handlebars } = await import('handlebars');
  const directory = new URL('../../templates/', import.meta.url);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.hbs'));
  const compiled = new Map(
    await Promise.all(
      names.map(async (name) => {
        const text = await readFile(new URL(name, directory), 'utf8');
        return [
          name.slice(0, -'.hbs'.length),
          handlebars.compile(text, { noEscape: true, strict: true }),
        ] as const;
      }),
    ),
  );
  return (template, data) => {
    const fill = compiled.get(template);
    if (fill === undefined) throw new Error(`there is no template ${template}.hbs`);
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
