/** The way back to kept states, as a plan like any other. Pure. */

import { clusters } from '../cluster/clusters.ts';
import { statusRequest } from '../desired/facts-request.ts';
import { socketsOf } from '../desired/listen-sockets.ts';
import {
  type HostName,
  type Inventory,
  type NginxSoftware,
  type Service,
  services,
} from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { FactsRequest, HostFacts } from '../model/facts.ts';
import type { KeptPaths, KeptState } from '../model/kept-state.ts';
import type { Plan } from '../model/plan.ts';
import { sitesIn, wholeText as wholeNginx } from '../nginx/whole-config.ts';
import type { HostDiff } from '../plan/diff-host.ts';
import { pathsNow } from '../plan/kept-paths.ts';
import { arrange } from '../plan/make-plan.ts';
import { restoredPaths, restoreHost } from '../plan/restore-host.ts';
import { strangerOf } from '../plan/restore-stranger.ts';
import { vipsOf } from '../plan/restored-goal.ts';
import { runningWhole, wholeText } from '../plan/running-vrrp.ts';
import { disagreement } from '../plan/simultaneous.ts';
import { takenOver, takingOver } from '../plan/stranger-daemons.ts';

const keepalivedConf = '/etc/keepalived/keepalived.conf';

/** What to ask a host that goes back to `state`, or, without one, serves meanwhile. */
export function restoreRequest(inventory: Inventory, state: KeptState | undefined): FactsRequest {
  const request = { ...statusRequest(inventory), running: true };
  if (state === undefined) return { ...request, files: [keepalivedConf] };
  const binaries = { ...request.binaries };
  // What was there comes before what was to come: the first of a service is the one that ran.
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

/** The files of the states of each host. */
type KeptBytes = ReadonlyMap<HostName, ReadonlyMap<string, Uint8Array>>;

/**
 * `bytes`: the files of the states. The goal is what the inventory will amount to when the plan is done.
 * Throws USAGE when the members of a cluster would no longer hear each other.
 */
export function restorePlan(
  inventory: Inventory,
  chosen: ReadonlyMap<HostName, KeptState>,
  bytes: KeptBytes,
  facts: ReadonlyMap<HostName, HostFacts>,
): { readonly plan: Plan; readonly goal: Inventory } {
  const { now, then } = configurations(chosen, bytes, facts);
  const split = disagreement(then);
  if (split !== null) {
    throw new HaupError('USAGE', `The hosts would not hear each other afterwards: ${split}.`, {
      hint: 'Roll back all of them: haup rollback without a host, or with the --to of one run.',
    });
  }
  const { diffs, kept, before, after } = restoredHosts(chosen, bytes, facts);
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

/** keepalived's whole configuration on each host: what it runs with, and what it will then run with. */
function configurations(
  chosen: ReadonlyMap<HostName, KeptState>,
  bytes: KeptBytes,
  facts: ReadonlyMap<HostName, HostFacts>,
): { readonly now: ReadonlyMap<HostName, string>; readonly then: ReadonlyMap<HostName, string> } {
  const now = new Map<HostName, string>();
  const then = new Map<HostName, string>();
  for (const [host, one] of facts) {
    const its = chosen.get(host)?.services.find(({ service }) => service === 'keepalived');
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
  return { now, then };
}

/** The differences of each host, the paths to keep, and whose daemons are not haup's before and after. */
function restoredHosts(
  chosen: ReadonlyMap<HostName, KeptState>,
  bytes: KeptBytes,
  facts: ReadonlyMap<HostName, HostFacts>,
) {
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
  return { diffs, kept, before, after };
}

/** What nginx served in the states; null: nothing. */
function servedThen(
  inventory: Inventory,
  chosen: ReadonlyMap<HostName, KeptState>,
  bytes: KeptBytes,
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
