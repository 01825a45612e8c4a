import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { keptStatesOf } from '../facts/kept-states.ts';
import type { HostName } from '../model/domain.ts';
import { exitCodes } from '../model/errors.ts';
import type { KeptHistory, KeptState } from '../model/kept-state.ts';
import type { Host } from '../model/host.ts';
import { throwFailures } from '../base/failures.ts';
import { connectAll } from '../app/connect.ts';
import type { Context } from '../app/command-context.ts';
import { knownHost, limited, openInventory } from '../app/open-inventory.ts';
import type { GlobalOptions } from '../app/options.ts';
import { styleFor } from '../report/stream-style.ts';

/** `haup history [HOST]`: the states that hosts keep, which `haup rollback` goes back to. */
export async function history(
  context: Context,
  given: readonly (string | undefined)[],
  options: GlobalOptions,
): Promise<number> {
  const { host, path } = await hostAndInventory(context, given);
  const inventory = await openInventory(context, path);
  const names = host === null ? limited(inventory, options.limit) : [knownHost(inventory, host)];
  await using connected = await connectAll(context, inventory, options, { names });
  // A host on which something hangs hides no other.
  const asked = await Promise.allSettled(
    names.flatMap((name) => {
      const one = connected.hosts.get(name);
      return one === undefined ? [] : [keptBy(one, context.signal)];
    }),
  );
  const kept = new Map(asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
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
  throwFailures(asked);
  return exitCodes.ok;
}

const keptBy = async (host: Host, signal: AbortSignal): Promise<readonly [HostName, KeptHistory]> => [
  host.name,
  await keptStatesOf(host, signal),
];

/** A state as data: what it is and what it has, never the contents of files. */
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
