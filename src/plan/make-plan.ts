import type { DesiredHost } from '../model/desired.ts';
import type { HostName, Service, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import type { KeptPaths } from '../model/kept-state.ts';
import type { Disappearing } from '../model/running.ts';
import type { Plan, Stage, UnchangedResource } from '../model/plan.ts';
import type { SourceOf } from './build-changes.ts';
import { byWay } from './by-way.ts';
import { clusterStages, hostsKept } from './cluster-stages.ts';
import { clusterView, entryOf, type PlanFacts, vipsNear } from './cluster-view.ts';
import { diffHost, type HostDiff } from './diff-host.ts';
import { disappearing } from './disappearing.ts';
import { keptPaths } from './kept-paths.ts';
import { takenIds, tiedClusters } from './router-ids.ts';
import { takenOver, takingOver } from './stranger-daemons.ts';
import { mixesKeepalived, noStrangers, type Strangers } from './strangers.ts';
import { addressesOf } from './served-vips.ts';

export interface BuildPolicy {
  /** `first`: one host of a platform builds for all. */
  readonly on: 'first' | 'each';
  /** Keys of the builds that the operator's machine keeps. */
  readonly cached: ReadonlySet<string>;
  /** `host`: the host that builds downloads the tarball too. */
  readonly fetch?: 'controller' | 'host';
}

/**
 * Every difference, in the order in which it is made: one track for each cluster; in a track, first what clients
 * cannot notice, on all hosts at once, then host by host, standbys before holders. A cluster that does not serve yet
 * changes at once.
 */
export function makePlan(
  want: readonly DesiredHost[],
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  clusters: readonly (readonly HostName[])[],
  builds: BuildPolicy,
): Plan {
  const sourceFor = buildSources(builds);
  const addresses = new Set(addressesOf(vips));
  const diffs = new Map<HostName, HostDiff>();
  const kept = new Map<HostName, readonly KeptPaths[]>();
  const before = new Map<HostName, readonly Service[]>();
  const same: UnchangedResource[] = [];
  const gone: Disappearing[] = [];
  for (const desired of want) {
    const { host } = desired;
    const facts = have.get(host);
    if (facts === undefined) continue;
    const diff = diffHost(desired, facts, sourceFor(host));
    const taken = takenOver(diff, desired, facts);
    gone.push(...disappearing(diff, taken, desired, facts, addresses));
    const services = taken.map(({ service }) => service);
    if (services.length > 0) before.set(host, services);
    diffs.set(host, takingOver(diff, taken, facts));
    kept.set(host, keptPaths(desired, facts));
    for (const what of diff.same) same.push({ host, what });
  }
  const tracks = arrange(diffs, kept, have, vips, clusters, { before, after: new Map() });
  return { tracks, same, want, ...(gone.length > 0 && { disappearing: gone }) };
}

/** The first host of a platform that needs a build makes it, and the others receive it. */
function buildSources({ on, cached, fetch }: BuildPolicy): (host: HostName) => SourceOf {
  const builders = new Map<string, HostName>();
  return (host) => (key) => {
    if (on === 'first') {
      if (cached.has(key)) return { kind: 'cache' };
      const builder = builders.get(key);
      if (builder !== undefined) return { kind: 'receive', host: builder };
      builders.set(key, host);
    }
    return { kind: 'build', fetch: fetch === 'host' };
  };
}

/** The changes of hosts as tracks, one for each cluster that changes. */
export function arrange(
  diffs: ReadonlyMap<HostName, HostDiff>,
  kept: ReadonlyMap<HostName, readonly KeptPaths[]>,
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  clusters: readonly (readonly HostName[])[],
  strangers: Strangers = noStrangers,
): readonly (readonly Stage[])[] {
  const facts: PlanFacts = { diffs, kept, have, strangers };
  const entry = (host: HostName): string => entryOf(kept.get(host));
  const reserved = takenIds(have, vips, entry);
  const near = vipsNear(vips, have);
  return tiedClusters(clusters, diffs, have, entry)
    .map((cluster) => {
      const its = near(cluster);
      const phases = mixesKeepalived(cluster, strangers)
        ? null
        : byWay(cluster, diffs, have, entry, reserved);
      if (phases === null) return clusterStages(clusterView(cluster, its, facts));
      const first = clusterStages(clusterView(cluster, its, { ...facts, diffs: phases.before }));
      const then = clusterView(cluster, its, { ...facts, diffs: phases.after, have: phases.between });
      return [...first, ...clusterStages(then, hostsKept(first))];
    })
    .filter((stages) => stages.length > 0);
}

export const countChanges = (of: Plan): { readonly changes: number; readonly hosts: number } => {
  const work = of.tracks.flat().flatMap((stage) => stage.work);
  return {
    changes: work.reduce((sum, { changes }) => sum + changes.length, 0),
    hosts: new Set(work.map(({ host }) => host)).size,
  };
};

/** Throws DOWNGRADE_REFUSED when the plan replaces a version by a lower one. */
export function refuseDowngrades(made: Plan): void {
  const found = new Map<
    string,
    { readonly hosts: HostName[]; readonly to: string; readonly software: string }
  >();
  for (const { host, changes } of made.tracks.flat().flatMap((stage) => stage.work)) {
    for (const { downgrade } of changes) {
      if (downgrade === undefined) continue;
      const { software, from, to } = downgrade;
      const said = `${software} ${from} → ${to}`;
      const one = found.get(said) ?? { hosts: [], to, software };
      one.hosts.push(host);
      found.set(said, one);
    }
  }
  const [first] = found.values();
  if (first === undefined) return;
  throw new HaupError('DOWNGRADE_REFUSED', 'The inventory wants a lower version than the one installed.', {
    hint: `Set ${first.software}.version to the one installed or a newer one; to go down on purpose, add --allow-downgrade. Nothing was changed.`,
    detail: [...found].map(([said, { hosts }]) => `${said} on ${hosts.join(', ')}`),
  });
}
