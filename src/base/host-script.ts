import { texts } from 'haup:scripts';
import { quote } from './quote.ts';

/** What a script of templates/scripts is given: shell variables by name. A list becomes one item a line. */
export type ScriptArguments = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * The text of a script that runs on hosts: its arguments as shell variables, each quoted, then the named files of
 * templates/scripts in their order, so that one can use the functions of those before it.
 * @throws Error for a name without a file, RangeError for an argument that sh cannot carry.
 */
export function hostScript(names: string | readonly string[], given: ScriptArguments = {}): string {
  const variables = Object.entries(given).map(([name, value]) => `${name}=${quote(argument(name, value))}\n`);
  return [...variables, ...[names].flat().map(textOf)].join('');
}

function argument(name: string, value: string | number | readonly string[]): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new RangeError(`${name} cannot be a shell variable`);
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (value.some((item) => item.includes('\n'))) throw new RangeError(`an item of ${name} has a newline`);
  return value.join('\n');
}

function textOf(name: string): string {
  const text = texts[name];
  if (text === undefined) throw new Error(`templates/scripts has no ${name}.sh`);
  return text;
}
