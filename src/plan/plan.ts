import type { DesiredHost, HostFacts, HostName, Vip } from '../model/domain.ts';
import { holdsAddress } from '../model/holding.ts';
import type { CheckName, HostWork, Plan, Same, Stage } from '../model/plan.ts';
import { diffHost, type HostDiff } from './diff.ts';

/** What must hold after hosts that serve were changed. */
const serving: readonly CheckName[] = ['services', 'one-holder', 'http'];

/**
 * All differences, in the order in which they are made: one track for each cluster; in a track, what
 * nobody notices on all hosts at once, then host by host, standbys before holders. A cluster that
 * serves nobody yet is changed at once.
 */
export function plan(
  want: readonly DesiredHost[],
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  clusters: readonly (readonly HostName[])[],
): Plan {
  const diffs = new Map<HostName, HostDiff>();
  const same: Same[] = [];
  for (const desired of want) {
    const facts = have.get(desired.host);
    if (facts === undefined) continue;
    const diff = diffHost(desired, facts);
    diffs.set(desired.host, diff);
    for (const what of diff.same) same.push({ host: desired.host, what });
  }
  const tracks = clusters
    .map((cluster) =>
      track(
        cluster.filter((host) => diffs.has(host)),
        diffs,
        have,
        vips,
      ),
    )
    .filter((stages) => stages.length > 0);
  return { tracks, same, want };
}

function track(
  hosts: readonly HostName[],
  diffs: ReadonlyMap<HostName, HostDiff>,
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
): readonly Stage[] {
  const work = (list: readonly HostName[], part: 'prepare' | 'change'): readonly HostWork[] =>
    list
      .map((host) => ({ host, changes: diffs.get(host)?.[part] ?? [] }))
      .filter(({ changes }) => changes.length > 0);
  const stages: Stage[] = [];
  const add = (title: string, hostWork: readonly HostWork[], gate: readonly CheckName[]): void => {
    if (hostWork.length > 0) stages.push({ title, work: hostWork, gate });
  };
  const holds = (host: HostName): number => {
    const facts = have.get(host);
    return facts === undefined ? 0 : vips.filter((vip) => holdsAddress(facts, vip.address.address)).length;
  };
  add('prepare', work(hosts, 'prepare'), []);
  if (hosts.some((host) => holds(host) > 0)) {
    for (const host of [...hosts].sort((a, b) => holds(a) - holds(b)))
      add(`change ${host}`, work([host], 'change'), serving);
  } else {
    add('configure and start', work(hosts, 'change'), serving);
  }
  return stages;
}

export const countChanges = (of: Plan): { readonly changes: number; readonly hosts: number } => {
  const work = of.tracks.flat().flatMap((stage) => stage.work);
  return {
    changes: work.reduce((sum, { changes }) => sum + changes.length, 0),
    hosts: new Set(work.map(({ host }) => host)).size,
  };
};
