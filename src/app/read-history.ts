import { keptStatesOf } from '../facts/kept-states.ts';
import type { HostName } from '../model/domain.ts';
import type { KeptHistory } from '../model/kept-state.ts';
import type { Context } from './command-context.ts';
import { knownHost, limited, openInventory } from './open-inventory.ts';
import type { GlobalOptions } from './options.ts';
import { withHosts } from './with-hosts.ts';

export interface HostHistories {
  readonly kept: ReadonlyMap<HostName, KeptHistory>;
  /** What each host answered: one that hangs hides no other. */
  readonly outcomes: readonly PromiseSettledResult<unknown>[];
}

/** The states that hosts keep. `host`: of this one only. */
export async function readHistory(
  context: Context,
  host: string | null,
  path: string | undefined,
  options: GlobalOptions,
): Promise<HostHistories> {
  const inventory = await openInventory(context, path);
  const names = host === null ? limited(inventory, options.limit) : [knownHost(inventory, host)];
  return withHosts(context, inventory, options, { names }, async ({ hosts }) => {
    const outcomes = await Promise.allSettled(
      names
        .flatMap((name) => hosts.get(name) ?? [])
        .map(async (one) => [one.name, await keptStatesOf(one, context.signal)] as const),
    );
    const kept = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    return { kept: new Map(kept), outcomes };
  });
}
