import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Context } from '../app/command-context.ts';
import type { GlobalOptions } from '../app/options.ts';
import { readHistory } from '../app/read-history.ts';
import { throwFailures } from '../base/failures.ts';
import { exitCodes } from '../model/errors.ts';
import type { KeptState } from '../model/kept-state.ts';
import { styleFor } from '../report/stream-style.ts';

/** `haup history [HOST] [INVENTORY]`: the states that `haup rollback` can go back to. */
export async function history(
  context: Context,
  given: readonly (string | undefined)[],
  options: GlobalOptions,
): Promise<number> {
  const { host, path } = await hostAndInventory(context, given);
  const { kept, outcomes } = await readHistory(context, host, path, options);
  if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    const hosts = [...kept].map(([name, { states, unreadable }]) => ({
      host: name,
      states: states.map(stateData),
      unreadable,
    }));
    printJson(context.out, { version: 1, hosts }, 'pretty');
  } else {
    const { historyText } = await import('../report/history-text.ts');
    const style = await styleFor(context.stdout);
    const width = context.stdout.columns;
    context.out(`${historyText(kept, style, { width, verbose: options.verbose === true })}\n`);
  }
  throwFailures(outcomes);
  return exitCodes.ok;
}

/** What a state is and has, never the contents of files. */
function stateData({ number, label, files, builds }: KeptState): object {
  return {
    number,
    ...label,
    files: Object.entries(files).map(([path, { state }]) => ({ path, state })),
    keepalived: builds.keepalived?.software.version ?? null,
    nginx: builds.nginx?.software.version ?? null,
  };
}

/** `[HOST] [INVENTORY]`; a single word that is a file is the inventory. */
export async function hostAndInventory(
  context: Context,
  [first, second]: readonly (string | undefined)[],
): Promise<{ readonly host: string | null; readonly path: string | undefined }> {
  if (first === undefined || second !== undefined) return { host: first ?? null, path: second };
  const isFile =
    first === '-' ||
    (await access(resolve(context.cwd, first)).then(
      () => true,
      () => false,
    ));
  return isFile ? { host: null, path: first } : { host: first, path: undefined };
}
