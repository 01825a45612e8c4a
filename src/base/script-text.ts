import { quote } from './quote.ts';

/** The files of a directory of scripts, by their names without `.sh`. */
export type Scripts = Readonly<Record<string, ScriptFile>>;

export interface ScriptFile {
  /** Shell variables that it is given; `$@`: a list of words. */
  readonly takes: readonly string[];
  /** The scripts whose functions it calls. */
  readonly needs: readonly string[];
  readonly text: string;
}

/** What a script is given: shell variables by name (a list becomes one item a line), and its words, `$@`. */
export type ScriptArguments = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * One text: the arguments that the headers of the files declare, each quoted, then the files, those that others need
 * before them.
 * @param defaults what a script is given when its header names it and the caller does not
 * @throws Error for a name without a file and for an argument too few or too many, RangeError for one that sh cannot
 * carry.
 */
export function scriptText(
  scripts: Scripts,
  names: readonly string[],
  defaults: ScriptArguments,
  given: ScriptArguments,
): string {
  const files = [...inOrder(scripts, names)];
  const takes = [...new Set(files.flatMap(([, file]) => file.takes))];
  const values: ScriptArguments = { ...defaults, ...given };
  const unknown = Object.keys(given).filter((name) => !takes.includes(name));
  const missing = takes.filter((name) => values[name] === undefined);
  const all = files.map(([name]) => name).join(', ');
  if (unknown.length > 0) throw new Error(`${all}: takes no ${unknown.join(', ')}`);
  if (missing.length > 0) throw new Error(`${all}: ${missing.join(', ')} is missing`);
  const assignments = takes.map((name) => assignment(name, values[name] ?? ''));
  return [...assignments, ...files.map(([, file]) => file.text)].join('');
}

function inOrder(
  scripts: Scripts,
  names: readonly string[],
  found = new Map<string, ScriptFile>(),
): ReadonlyMap<string, ScriptFile> {
  for (const name of names) {
    const file = scripts[name];
    if (file === undefined) throw new Error(`there is no script ${name}.sh`);
    if (found.has(name)) continue;
    inOrder(scripts, file.needs, found);
    found.set(name, file);
  }
  return found;
}

function assignment(name: string, value: string | number | readonly string[]): string {
  if (name === '$@') return `set -- ${[value].flat().map(String).map(quote).join(' ')}\n`;
  if (typeof value === 'string' || typeof value === 'number') return `${name}=${quote(String(value))}\n`;
  if (value.some((item) => item.includes('\n'))) throw new RangeError(`an item of ${name} has a newline`);
  return `${name}=${quote(value.join('\n'))}\n`;
}
