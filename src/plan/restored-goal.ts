import type { HostName, Member, Vip } from '../model/domain.ts';
import { type WrittenInstance, writtenInstances } from './vrrp-text.ts';

/**
 * The VIPs that hosts have when each reads the keepalived.conf that is given for it: what gates judge by
 * when not the inventory says how it will be. Of a host whose file was not read the inventory's word is
 * taken (`written`). A VIP of one host alone is left out: it has no backup.
 */
export function vipsOf(
  configurations: ReadonlyMap<HostName, string>,
  written: readonly Vip[] = [],
): readonly Vip[] {
  const found = new Map<string, { readonly host: HostName; readonly instance: WrittenInstance }[]>();
  for (const [host, text] of configurations) {
    for (const instance of writtenInstances(text)) {
      for (const address of instance.addresses) {
        found.set(address, [...(found.get(address) ?? []), { host, instance }]);
      }
    }
  }
  return [...found].flatMap(([address, on]): readonly Vip[] => {
    const read = on.map(
      ({ host, instance }): Member => ({ host, priority: instance.priority, interface: instance.interface }),
    );
    const unread = written
      .filter((vip) => vip.address.address === address)
      .flatMap((vip) => vip.members.filter(({ host }) => !configurations.has(host)));
    const members = [...read, ...unread].toSorted((a, b) => b.priority - a.priority);
    const [first, second, ...rest] = members;
    const [one] = on;
    if (first === undefined || second === undefined || one === undefined) return [];
    const { name, virtualRouterId, advertInt } = one.instance;
    return [
      {
        name,
        address: { address, prefix: null },
        virtualRouterId,
        members: [first, second, ...rest],
        advertInt,
      },
    ];
  });
}
