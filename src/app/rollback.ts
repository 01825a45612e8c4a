import { oneLine } from '../base/printable.ts';
import { refuseTaken } from '../check/wire.ts';
import { clusters } from '../cluster/clusters.ts';
import { paths } from '../desired/paths.ts';
import { gatherAll } from '../facts/gather.ts';
import { keptFiles, keptStatesOf } from '../facts/kept-states.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { exitCodes } from '../model/errors.ts';
import type { KeptState } from '../model/kept-state.ts';
import type { Host } from '../model/host.ts';
import { chooseStates } from '../plan/choose-states.ts';
import { keepConnections } from '../plan/keep-connections.ts';
import { countChanges } from '../plan/make-plan.ts';
import { changeHosts, type ChangeOptions, type Decide, type ChangeDecision } from './change-hosts.ts';
import type { Context } from './command-context.ts';
import { numberOption } from './number-option.ts';
import { lookAtWire } from './listen-on-wire.ts';
import { knownHost, limited, openInventory } from './open-inventory.ts';
import { applyReports } from './outcome.ts';
import { restorePlan, restoreRequest } from './restore-plan.ts';

export interface RollbackWish {
  /** Null: every host that the last run has changed. */
  readonly host: string | null;
  /** Null: the state before the last change. */
  readonly number: number | null;
}

interface Restoration extends ChangeDecision {
  readonly chosen: ReadonlyMap<HostName, KeptState>;
}

/** `haup rollback [HOST] [--to N]`: back to kept states, as a change like any other. Resolves to the exit code. */
export async function rollback(
  context: Context,
  { host, number }: RollbackWish,
  path: string | undefined,
  options: ChangeOptions,
): Promise<number> {
  const inventory = await openInventory(context, path);
  const grace = numberOption('--grace', options.grace) ?? inventory.grace;
  const named = host === null ? null : knownHost(inventory, host);
  const limit = limited(inventory, options.limit);
  // The others of its cluster are needed too: they serve meanwhile, and must go on understanding each other.
  // An operator who has lost one of them leaves it out with --limit.
  const near = named === null ? limit : clusterOf(inventory, named);
  const names = near.filter((name) => name === named || limit.includes(name));
  const reports = applyReports(context, options);
  return changeHosts<Restoration>(context, options, {
    inventory,
    names,
    command: `haup rollback${named === null ? '' : ` ${named}`}${number === null ? '' : ` --to ${number}`}`,
    fixed: true,
    prepare: async () =>
      decideRollback({ ...inventory, grace }, { host: named, number }, named === null ? limit : [named]),
    question: reports.question,
    nothing: async ({ chosen }) => {
      const same = [...chosen].map(([name, state]) => `${name} is as in state ${state.number}`);
      if (options.json !== true) context.out(`Nothing to do: ${same.join(', ')}.\n`);
      return exitCodes.ok;
    },
    report: async (done) => {
      const exit = await reports.report(done);
      if (exit === exitCodes.ok && options.json !== true)
        context.err('haup plan shows what differs from the inventory now.\n');
      return exit;
    },
  });
}

/** Choose states, fetch their files, look at the hosts, and plan the way back. */
function decideRollback(
  inventory: Inventory,
  wish: RollbackWish,
  asked: readonly HostName[],
): Decide<Restoration> {
  return async (hosts, signal, before) => {
    const look = (chosen: Restoration['chosen']): ReturnType<typeof gatherAll> =>
      gatherAll(hosts, (name) => restoreRequest(inventory, chosen.get(name)), signal);
    if (before !== null) return { ...before, facts: await look(before.chosen) };
    const kept = await Promise.all(
      asked.map(async (name) => [name, await keptStatesOf(hostOf(hosts, name), signal)] as const),
    );
    const chosen = chooseStates(new Map(kept), wish);
    const [facts, bytes] = await Promise.all([
      look(chosen),
      Promise.all(
        [...chosen].map(
          async ([name, { number }]) => [name, await keptFiles(hostOf(hosts, name), number, signal)] as const,
        ),
      ),
    ]);
    const { plan: made, goal } = restorePlan(inventory, chosen, new Map(bytes), facts);
    const plan = keepConnections(made, inventory.grace, facts, goal.vips);
    if (countChanges(plan).changes > 0) {
      // Another machine may use a VIP by now that was given up since the state was kept.
      const heard = await lookAtWire(goal, hosts, facts, signal);
      refuseTaken(goal.vips, heard, paths(inventory, 'keepalived').entry);
    }
    return { plan, facts, goal, chosen, notes: notesOn(inventory, chosen, hosts) };
  };
}

function notesOn(
  inventory: Inventory,
  chosen: ReadonlyMap<HostName, KeptState>,
  hosts: ReadonlyMap<HostName, Host>,
): readonly string[] {
  const near = new Set([...chosen.keys()].flatMap((name) => clusterOf(inventory, name)));
  const unseen = [...near].filter((name) => !hosts.has(name));
  return [
    ...[...chosen].map(
      ([name, { number, label }]) => `${name} to state ${number}, as before ${label.why} (${label.when})`,
    ),
    ...(unseen.length === 0
      ? []
      : [`${unseen.join(' and ')} left out by --limit: whether they will hear each other is not checked`]),
  ].map(oneLine);
}

function clusterOf(inventory: Inventory, host: HostName): readonly HostName[] {
  return clusters(inventory).find((cluster) => cluster.includes(host)) ?? [host];
}

function hostOf(hosts: ReadonlyMap<HostName, Host>, name: HostName): Host {
  const host = hosts.get(name);
  if (host === undefined) throw new Error(`${name} is not connected`);
  return host;
}
