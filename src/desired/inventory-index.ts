import { clusters, vipsByHost } from '../cluster/clusters.ts';
import type { HostName, HostSpec, Inventory, Vip } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';

/** An inventory with what is asked about it for every host looked up once, so that a thousand hosts take no square of that. */
export interface IndexedInventory extends Inventory {
  /** Throws HOST_UNKNOWN. */
  readonly hostNamed: (name: HostName) => HostSpec;
  /** The VIPs that a host is a member of. */
  readonly hostVips: (host: HostName) => readonly Vip[];
  /** The VIPs of its cluster. */
  readonly clusterVips: (host: HostName) => readonly Vip[];
  readonly isVip: (address: string) => boolean;
}

export function indexed(inventory: Inventory): IndexedInventory {
  const { hosts, vips } = inventory;
  const specs = new Map(hosts.map((host) => [host.name, host]));
  const byHost = vipsByHost(vips);
  const addresses = new Set(vips.map(({ address }) => address.address));
  const firstOf = new Map(
    clusters(inventory).flatMap((names) => names.map((name) => [name, names[0] ?? name])),
  );
  const byCluster = new Map<HostName, Vip[]>();
  for (const vip of vips) {
    const first = firstOf.get(vip.members[0].host) ?? '';
    const list = byCluster.get(first);
    if (list === undefined) byCluster.set(first, [vip]);
    else list.push(vip);
  }
  return {
    ...inventory,
    hostNamed: (name) => {
      const found = specs.get(name);
      if (found === undefined) throw new HaupError('HOST_UNKNOWN', `The inventory has no host ${name}.`);
      return found;
    },
    hostVips: (host) => byHost.get(host) ?? [],
    clusterVips: (host) => byCluster.get(firstOf.get(host) ?? '') ?? [],
    isVip: (address) => addresses.has(address),
  };
}
