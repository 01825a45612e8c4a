/** Which VRIDs VIPs have, are to have, and have in the meantime. Pure. */

import type { HostName, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { HostDiff } from './diff-host.ts';
import { runningText } from '../cluster/can-drain.ts';
import { keepalivedTexts } from './simultaneous.ts';
import { type WrittenInstance, writtenInstances } from './vrrp-text.ts';

/** The VRIDs that are in use, or will be. */
export function takenIds(
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  entry: (host: HostName) => string,
): ReadonlySet<number> {
  const running = [...have].flatMap(([host, facts]) =>
    writtenInstances(runningText(facts, entry(host)) ?? ''),
  );
  return new Set([...running, ...vips].map(({ virtualRouterId }) => virtualRouterId));
}

/** Clusters of which one is to have a VRID that a VIP of another has now: they are changed in one order. */
export function tiedClusters(
  clusters: readonly (readonly HostName[])[],
  diffs: ReadonlyMap<HostName, HostDiff>,
  have: ReadonlyMap<HostName, HostFacts>,
  entry: (host: HostName) => string,
): readonly (readonly HostName[])[] {
  const having = new Map<number, { readonly address: string; readonly at: number }[]>();
  const wanting = clusters.map((cluster, at): Ids => {
    const texts = cluster.flatMap(
      (host) => keepalivedTexts(diffs.get(host), have.get(host), entry(host)) ?? [],
    );
    for (const [address, ids] of idsOf(texts.flatMap(({ now }) => writtenInstances(now))))
      for (const id of ids) having.set(id, [...(having.get(id) ?? []), { address, at }]);
    return idsOf(texts.flatMap(({ next }) => writtenInstances(next)));
  });
  const groups = clusters.map((_cluster, at) => [at]);
  const join = (a: number, b: number): void => {
    const [into = [], from = []] = [groups[a], groups[b]];
    if (into === from) return;
    for (const one of from) groups[one] = into;
    into.push(...from);
  };
  wanting.forEach((wanted, at) => {
    for (const [address, ids] of wanted)
      for (const other of [...ids].flatMap((id) => having.get(id) ?? []))
        if (other.address !== address) join(at, other.at);
  });
  return [...new Set(groups)].map((group) =>
    group.toSorted((a, b) => a - b).flatMap((at) => clusters[at] ?? []),
  );
}

/** Whether another address has this VRID. */
const others = (ids: Ids, address: string, id: number): boolean =>
  [...ids].some(([other, has]) => other !== address && has.has(id));

/** Address → the VRIDs that hosts have for it. */
export type Ids = ReadonlyMap<string, ReadonlySet<number>>;

export function idsOf(instances: readonly WrittenInstance[]): Ids {
  const found = new Map<string, Set<number>>();
  for (const { addresses, virtualRouterId } of instances) {
    for (const address of addresses)
      found.set(address, (found.get(address) ?? new Set()).add(virtualRouterId));
  }
  return found;
}

/** Address → its VRID for the time being, of those that stay; null where each may have its own at once. */
export function firstIds(
  now: Ids,
  next: Ids,
  reserved: ReadonlySet<number>,
): ReadonlyMap<string, number> | null {
  const moves = [...next].flatMap(([address, [to]]) => {
    const from = [...(now.get(address) ?? [])].filter((id) => id !== to);
    return to === undefined || from.length === 0 ? [] : [{ address, from, to }];
  });
  if (!moves.some(({ address, to }) => others(now, address, to))) return null;
  const taken = new Set([...reserved, ...[...now, ...next].flatMap(([, ids]) => [...ids])]);
  const found = new Map<string, number>();
  for (const { address, from, to } of moves) {
    const stays = from.find((id) => !others(next, address, id));
    const id = others(now, address, to) ? (stays ?? vrids.find((one) => !taken.has(one))) : to;
    if (id === undefined) return null;
    taken.add(id);
    found.set(address, id);
  }
  return found;
}

/** The highest first: people begin at the other end. */
const vrids = Array.from({ length: 255 }, (_, down) => 255 - down);
