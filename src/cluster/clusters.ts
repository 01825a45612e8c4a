import type { HostName, Inventory } from '../model/domain.ts';

/**
 * Hosts tied together by shared VIPs, in the inventory's order; a host without a VIP is a cluster of its own.
 * Clusters know nothing of each other and may be changed at the same time.
 */
export function clusters({ hosts, vips }: Pick<Inventory, 'hosts' | 'vips'>): HostName[][] {
  const cluster = new Map<HostName, HostName[]>(hosts.map(({ name }) => [name, [name]]));
  for (const { members } of vips) {
    const tied = new Set(members.flatMap(({ host }) => cluster.get(host) ?? []));
    const joined = hosts.map(({ name }) => name).filter((name) => tied.has(name));
    for (const name of joined) cluster.set(name, joined);
  }
  return [...new Set(cluster.values())];
}
