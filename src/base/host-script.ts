import { scripts } from 'haup:scripts';
import {
  drainFile,
  drillAtBoot,
  drillRecord,
  entrustedScript,
  foundDirectory,
  graceDirectory,
  healthCheck,
  historyDirectory,
  lockFile,
  lockOwnerFile,
  recordDirectory,
  sayMark,
  sourceDirectory,
  stateDirectory,
  unfinishedStamp,
  userMark,
} from '../model/layout.ts';
import { quote } from './quote.ts';

/** What a script is given: shell variables by name (a list becomes one item a line), and its words, `$@`. */
export type ScriptArguments = Readonly<Record<string, string | number | readonly string[]>>;

/** What a script is given of itself when its header names it: the one definition of these is model/layout.ts. */
const layout: Readonly<Record<string, string>> = {
  drain_file: drainFile,
  drill_at_boot: drillAtBoot,
  drill_record: drillRecord,
  entrusted_script: entrustedScript,
  found_directory: foundDirectory,
  grace_directory: graceDirectory,
  health_check: healthCheck,
  history_directory: historyDirectory,
  lock_file: lockFile,
  owner_file: lockOwnerFile,
  record_directory: recordDirectory,
  say_mark: sayMark,
  source_directory: sourceDirectory,
  state_directory: stateDirectory,
  unfinished_stamp: unfinishedStamp,
  user_mark: userMark,
};

/**
 * The text of a script that runs on hosts: the arguments that the headers of its files declare, each quoted, then the
 * files of templates/scripts, those that others need before them.
 * @throws Error for a name without a file and for an argument too few or too many, RangeError for one that sh cannot
 * carry.
 */
export function hostScript(
  names: string | readonly string[],
  given: ScriptArguments = {},
  words?: readonly string[],
): string {
  const files = [...inOrder([names].flat())];
  const takes = new Set(files.flatMap((name) => fileOf(name).takes));
  const values: ScriptArguments = words === undefined ? given : { ...given, '$@': words };
  const unknown = Object.keys(values).filter((name) => !takes.has(name));
  const missing = [...takes].filter((name) => values[name] === undefined && layout[name] === undefined);
  if (unknown.length > 0) throw new Error(`${files.join(', ')}: takes no ${unknown.join(', ')}`);
  if (missing.length > 0) throw new Error(`${files.join(', ')}: ${missing.join(', ')} is missing`);
  const assignments = [...takes].map((name) => assignment(name, values[name] ?? layout[name] ?? ''));
  return [...assignments, ...files.map((name) => fileOf(name).text)].join('');
}

function inOrder(names: readonly string[], found = new Set<string>()): ReadonlySet<string> {
  for (const name of names) {
    if (!found.has(name)) inOrder(fileOf(name).needs, found).forEach((needed) => found.add(needed));
    found.add(name);
  }
  return found;
}

function assignment(name: string, value: ScriptArguments[string]): string {
  if (name === '$@') return `set -- ${[value].flat().map(String).map(quote).join(' ')}\n`;
  if (typeof value === 'string' || typeof value === 'number') return `${name}=${quote(String(value))}\n`;
  if (value.some((item) => item.includes('\n'))) throw new RangeError(`an item of ${name} has a newline`);
  return `${name}=${quote(value.join('\n'))}\n`;
}

function fileOf(name: string): ReturnType<(typeof scripts)[string]> {
  const file = scripts[name];
  if (file === undefined) throw new Error(`templates/scripts has no ${name}.sh`);
  return file();
}
