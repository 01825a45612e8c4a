import { paths } from '../desired/paths.ts';
import { statusRequest } from '../desired/facts-request.ts';
import { socketsOf } from '../desired/listen-sockets.ts';
import { gatherAll } from '../facts/gather.ts';
import { keptFiles, keptStatesOf } from '../facts/kept-states.ts';
import { clusters } from '../cluster/clusters.ts';
import { refuseTaken } from '../check/wire.ts';
import {
  type HostName,
  type Inventory,
  type NginxSoftware,
  type Service,
  services,
} from '../model/domain.ts';
import type { FactsRequest, HostFacts } from '../model/facts.ts';
import { exitCodes, HaupError } from '../model/errors.ts';
import type { KeptPaths, KeptState } from '../model/kept-state.ts';
import type { Host } from '../model/host.ts';
import { sitesIn, wholeText as wholeNginx } from '../nginx/whole-config.ts';
import type { Plan } from '../model/plan.ts';
import { chooseStates } from '../plan/choose-states.ts';
import { vipsOf } from '../plan/restored-goal.ts';
import { arrange, countChanges } from '../plan/make-plan.ts';
import type { HostDiff } from '../plan/diff-host.ts';
import { pathsNow } from '../plan/kept-paths.ts';
import { restoredPaths, restoreHost } from '../plan/restore-host.ts';
import { strangerOf } from '../plan/restore-stranger.ts';
import { runningWhole, wholeText } from '../plan/running-vrrp.ts';
import { takenOver, takingOver } from '../plan/stranger-daemons.ts';
import { disagreement } from '../plan/simultaneous.ts';
import { printJson } from '../report/json.ts';
import { oneLine } from '../base/printable.ts';
import { type AgreeOptions, showAndCarryOut, snapshotsOf } from '../app/carry-out.ts';
import { makeArtifacts } from '../app/apply-run.ts';
import { connectAll } from '../app/connect.ts';
import type { Context } from '../app/command-context.ts';
import { hostAndInventory } from './history-command.ts';
import { knownHost, limited, openInventory } from '../app/open-inventory.ts';
import { lookAtWire } from '../app/listen-on-wire.ts';

export interface RollbackOptions extends AgreeOptions {
  /** Number of a state. */
  readonly to?: string;
}

/** `haup rollback [HOST] [--to N]`: back to a state that was kept, as a change like any other. */
export async function rollback(
  context: Context,
  given: readonly (string | undefined)[],
  options: RollbackOptions,
): Promise<number> {
  const { host, path } = await hostAndInventory(context, given);
  const inventory = await openInventory(context, path);
  const named = host === null ? null : knownHost(inventory, host);
  const number = numberOf(options.to);
  const artifacts = makeArtifacts(context);
  // The others of its cluster are needed too: they serve meanwhile, and must go on understanding each other.
  // Whoever has lost one of them leaves it out with --limit.
  const within = options.limit === undefined ? null : limited(inventory, options.limit);
  const names = (named === null ? limited(inventory, undefined) : clusterOf(inventory, named)).filter(
    (name) => name === named || (within?.includes(name) ?? true),
  );
  await using connected = await connectAll(context, inventory, options, { names, store: artifacts.store });
  const { hosts } = connected;
  const asked = named === null ? limited(inventory, options.limit) : [named];
  const kept = new Map(
    await Promise.all(
      asked.map(async (name) => [name, await keptStatesOf(hostOf(hosts, name), context.signal)] as const),
    ),
  );
  const chosen = chooseStates(kept, { host: named, number });
  const [facts, bytes] = await Promise.all([
    look(inventory, hosts, chosen, context.signal),
    Promise.all(
      [...chosen].map(
        async ([name, state]) =>
          [name, await keptFiles(hostOf(hosts, name), state.number, context.signal)] as const,
      ),
    ),
  ]);
  const { plan, goal } = restorePlan(inventory, chosen, new Map(bytes), facts);
  const targets = [...chosen].map(
    ([name, state]) => `${name} to state ${state.number}, as before ${state.label.why} (${state.label.when})`,
  );
  if (options.json !== true)
    context.err(`${[...targets, ...unseenNote(inventory, chosen, hosts)].map(oneLine).join('\n')}\n`);
  if (countChanges(plan).changes === 0) {
    const sentence = `Nothing to do: ${[...chosen].map(([name, state]) => `${name} is as in state ${state.number}`).join(', ')}.`;
    if (options.json === true) printJson(context.out, { type: 'plan', changes: [], same: plan.same }, 'line');
    else context.out(`${sentence}\n`);
    return exitCodes.ok;
  }
  // A VIP that was given up since the state was kept may be somebody else's by now.
  const heard = await lookAtWire(goal, hosts, facts, context.signal);
  refuseTaken(goal.vips, heard, paths(inventory, 'keepalived').entry);
  const command = `haup rollback${named === null ? '' : ` ${named}`}${number === null ? '' : ` --to ${number}`}`;
  const again = (signal: AbortSignal): Promise<ReadonlyMap<HostName, HostFacts>> =>
    look(inventory, hosts, chosen, signal);
  const task = {
    inventory,
    goal,
    plan,
    standing: snapshotsOf(facts),
    hosts,
    look: again,
    artifacts,
    command,
  };
  const exit = await showAndCarryOut(context, task, facts, options);
  if (exit === exitCodes.ok && options.json !== true && options.dryRun !== true)
    context.err('haup plan shows what differs from the inventory now.\n');
  return exit;
}

/** Said before the question: what nobody can vouch for. */
function unseenNote(
  inventory: Inventory,
  chosen: ReadonlyMap<HostName, KeptState>,
  hosts: ReadonlyMap<HostName, Host>,
): readonly string[] {
  const near = new Set([...chosen.keys()].flatMap((name) => clusterOf(inventory, name)));
  const unseen = [...near].filter((name) => !hosts.has(name));
  return unseen.length === 0
    ? []
    : [`${unseen.join(' and ')} left out by --limit: whether they will hear each other is not looked at`];
}

function restorePlan(
  inventory: Inventory,
  chosen: ReadonlyMap<HostName, KeptState>,
  bytes: ReadonlyMap<HostName, ReadonlyMap<string, Uint8Array>>,
  facts: ReadonlyMap<HostName, HostFacts>,
): { readonly plan: Plan; readonly goal: Inventory } {
  const now = new Map<HostName, string>();
  const then = new Map<HostName, string>();
  for (const [host, one] of facts) {
    const state = chosen.get(host);
    const its = state?.services.find(({ service }) => service === 'keepalived');
    const entry = its?.entry ?? keepalivedConf;
    const fact = one.files[entry];
    const daemon = one.running?.find(({ service }) => service === 'keepalived');
    const running = daemon === undefined ? null : runningWhole(one, daemon);
    const current = running ?? (fact?.state === 'present' ? (fact.text ?? '') : '');
    const kept = bytes.get(host);
    const textOf = (path: string): string | null => {
      const old = kept?.get(path);
      return old === undefined ? null : Buffer.from(old).toString('utf8');
    };
    now.set(host, current);
    then.set(host, wholeText(textOf, entry, its?.files ?? []) ?? current);
  }
  const split = disagreement(then);
  if (split !== null) {
    throw new HaupError('USAGE', `After that the hosts would not hear each other: ${split}.`, {
      hint: 'Roll back all of them: haup rollback without a host, or with the --to of one run.',
    });
  }
  const diffs = new Map<HostName, HostDiff>();
  const kept = new Map<HostName, readonly KeptPaths[]>();
  const before = new Map<HostName, readonly Service[]>();
  const after = new Map<HostName, readonly Service[]>();
  for (const [host, state] of chosen) {
    const one = facts.get(host);
    if (one === undefined) continue;
    const diff = restoreHost(state, bytes.get(host) ?? new Map(), one, socketsOf);
    const taken = takenOver(diff, null, one);
    diffs.set(host, takingOver(diff, taken, one));
    kept.set(host, pathsNow(state.services, one));
    before.set(
      host,
      taken.map(({ service }) => service),
    );
    after.set(
      host,
      services.filter((service) => strangerOf(state, service) !== undefined),
    );
  }
  const vips = vipsOf(then, inventory.vips);
  const all = [
    ...vips,
    ...vipsOf(now, inventory.vips).filter(
      ({ address }) => !vips.some((vip) => vip.address.address === address.address),
    ),
  ];
  const tracks = arrange(diffs, kept, facts, all, clusters({ hosts: inventory.hosts, vips: all }), {
    before: nonEmpty(before),
    after: nonEmpty(after),
  });
  const same = [...diffs].flatMap(([host, diff]) => diff.same.map((what) => ({ host, what })));
  const nginx = { ...inventory.nginx, ...servedThen(inventory, chosen, bytes) };
  return { plan: { tracks, same, want: [] }, goal: { ...inventory, vips, nginx } };
}

/** What nginx served in the states; null: they have nothing of it. */
function servedThen(
  inventory: Inventory,
  chosen: ReadonlyMap<HostName, KeptState>,
  bytes: ReadonlyMap<HostName, ReadonlyMap<string, Uint8Array>>,
): Pick<NginxSoftware, 'sites'> | null {
  for (const [host, { services: kept }] of chosen) {
    const entry = kept.find(({ service }) => service === 'nginx')?.entry;
    const files = [...(bytes.get(host) ?? [])].map(
      ([path, one]) => [path, Buffer.from(one).toString('utf8')] as const,
    );
    const text = entry === undefined ? null : wholeNginx(entry, new Map(files));
    if (text !== null) return sitesIn(text);
  }
  return null;
}

const nonEmpty = (of: ReadonlyMap<HostName, readonly Service[]>): ReadonlyMap<HostName, readonly Service[]> =>
  new Map([...of].filter(([, those]) => those.length > 0));

const keepalivedConf = '/etc/keepalived/keepalived.conf';

async function look(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  chosen: ReadonlyMap<HostName, KeptState>,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, HostFacts>> {
  return gatherAll(hosts, (name) => requestFor(inventory, chosen.get(name)), signal);
}

function requestFor(inventory: Inventory, state: KeptState | undefined): FactsRequest {
  const request = { ...statusRequest(inventory), running: true };
  if (state === undefined) return { ...request, files: [keepalivedConf] };
  const binaries = { ...request.binaries };
  // What was there before what was to come: the first of a service is the one that ran.
  for (const { service, binary, prefix } of state.services.toReversed()) {
    binaries[service] = { path: binary, prefix: prefix ?? binaries[service].prefix };
  }
  return {
    ...request,
    ...restoredPaths(state),
    binaries,
    firewall: inventory.firewall === 'open',
    listening: true,
  };
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new HaupError('USAGE', `--to ${text} is not the number of a state.`, {
    hint: 'haup history shows them.',
  });
}

function clusterOf(inventory: Inventory, host: HostName): readonly HostName[] {
  return clusters(inventory).find((cluster) => cluster.includes(host)) ?? [host];
}

function hostOf(hosts: ReadonlyMap<HostName, Host>, name: HostName): Host {
  const host = hosts.get(name);
  if (host === undefined) throw new Error(`${name} is not connected`);
  return host;
}
