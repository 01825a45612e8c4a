import type { HostName, Inventory, Vip } from '../model/domain.ts';

/**
 * Hosts tied together by shared VIPs, in the inventory's order; a host without a VIP is its own cluster. Clusters
 * know nothing of each other and may be changed at the same time.
 */
export function clusters({ hosts, vips }: Pick<Inventory, 'hosts' | 'vips'>): HostName[][] {
  const parents = new Map(hosts.map(({ name }) => [name, name]));
  const rootOf = (host: HostName): HostName => {
    let at = host;
    for (let up = parents.get(at); up !== undefined && up !== at; up = parents.get(at)) {
      parents.set(at, parents.get(up) ?? up);
      at = up;
    }
    return at;
  };
  for (const { members } of vips) {
    const [first, ...others] = members.filter(({ host }) => parents.has(host));
    for (const other of others) parents.set(rootOf(other.host), rootOf(first?.host ?? other.host));
  }
  const found = new Map<HostName, HostName[]>();
  for (const { name } of hosts) {
    const root = rootOf(name);
    const cluster = found.get(root);
    if (cluster === undefined) found.set(root, [name]);
    else cluster.push(name);
  }
  return [...found.values()];
}

/** The VIPs that each host is a member of, in the inventory's order. */
export function vipsByHost(vips: readonly Vip[]): ReadonlyMap<HostName, readonly Vip[]> {
  const found = new Map<HostName, Vip[]>();
  for (const vip of vips) {
    for (const { host } of vip.members) {
      const list = found.get(host);
      if (list === undefined) found.set(host, [vip]);
      else list.push(vip);
    }
  }
  return found;
}
