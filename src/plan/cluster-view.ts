/** A cluster and what is known of it, from which its changes are put in order. Pure. */

import type { HostName, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { KeptPaths } from '../model/kept-state.ts';
import type { Change } from '../model/plan.ts';
import type { HostDiff } from './diff-host.ts';
import { canDrain } from '../cluster/can-drain.ts';
import { type ServedVips, servedVips } from './served-vips.ts';
import type { Strangers } from './strangers.ts';

/** What is known of all hosts of a plan. */
export interface PlanFacts {
  readonly diffs: ReadonlyMap<HostName, HostDiff>;
  readonly kept: ReadonlyMap<HostName, readonly KeptPaths[]>;
  readonly have: ReadonlyMap<HostName, HostFacts>;
  readonly strangers: Strangers;
}

export interface ClusterView extends PlanFacts {
  readonly cluster: readonly HostName[];
  /** Those of the cluster that the plan is for. */
  readonly hosts: readonly HostName[];
  /** The VIPs that its hosts are members of, or hold. */
  readonly vips: readonly Vip[];
  readonly served: ServedVips;
  readonly changesOf: (host: HostName) => readonly Change[];
  /** The configuration that keepalived reads on a host. */
  readonly entry: (host: HostName) => string;
  /** Whether a host can be drained. */
  readonly able: (host: HostName) => boolean;
}

export function clusterView(
  cluster: readonly HostName[],
  vips: readonly Vip[],
  facts: PlanFacts,
): ClusterView {
  const { diffs, kept, have } = facts;
  const entry = (host: HostName): string => entryOf(kept.get(host));
  return {
    ...facts,
    cluster,
    vips,
    hosts: cluster.filter((host) => diffs.has(host)),
    served: servedVips(cluster, have, vips),
    changesOf: (host) => diffs.get(host)?.change ?? [],
    entry,
    able: (host) => cluster.length > 1 && canDrain(have.get(host), entry(host)),
  };
}

export const entryOf = (kept: readonly KeptPaths[] | undefined): string =>
  kept?.find(({ service }) => service === 'keepalived')?.entry ?? '';

/** For each cluster the VIPs that its hosts are members of, or hold; in the order of the inventory. */
export function vipsNear(
  vips: readonly Vip[],
  have: ReadonlyMap<HostName, HostFacts>,
): (cluster: readonly HostName[]) => readonly Vip[] {
  const byHost = new Map<HostName, number[]>();
  const byAddress = new Map<string, number[]>();
  vips.forEach(({ address, members }, at) => {
    push(byAddress, address.address, at);
    for (const { host } of members) push(byHost, host, at);
  });
  return (cluster) => {
    const near = new Set(cluster.flatMap((host) => byHost.get(host) ?? []));
    for (const cidr of cluster.flatMap((host) => addressesOf(have.get(host))))
      for (const at of byAddress.get(cidr.split('/')[0] ?? '') ?? []) near.add(at);
    return [...near].sort((a, b) => a - b).flatMap((at) => vips[at] ?? []);
  };
}

const addressesOf = (facts: HostFacts | undefined): readonly string[] =>
  (facts?.interfaces ?? []).flatMap(({ addresses }) => addresses);

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
