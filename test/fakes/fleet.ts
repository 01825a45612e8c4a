import type { HostSpec, Inventory, Vip } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { exampleInventory } from './example.ts';
import { bareFacts } from './host.ts';

/** The address of host or VIP number `at`, in a network of the pair that has it. */
const address = (at: number, own: number): string =>
  `10.${(at >> 1) >> 8}.${(at >> 1) & 255}.${own + (at & 1)}`;

/**
 * The example inventory with as many hosts and VIPs, two and two as mutual backups. Every pair has a network of its
 * own, and VRIDs repeat from network to network: an inventory that is read may have 255 VIPs.
 */
export function fleetInventory(size: number): Inventory {
  const example = exampleInventory();
  const [host] = example.hosts;
  const [vip] = example.vips;
  if (host === undefined || vip === undefined) throw new Error('the example has hosts and VIPs');
  const names = Array.from({ length: size }, (_, at) => `host_${at}`);
  const hosts = names.map(
    (name, at): HostSpec => ({ ...host, name, address: address(at, 2), interface: null }),
  );
  const vips = names.map((name, at): Vip => {
    const [first, second] = vip.members;
    return {
      ...vip,
      name: `VI_${at + 1}`,
      address: { address: address(at, 100), prefix: null },
      virtualRouterId: (at % 255) + 1,
      members: [
        { ...first, host: name },
        { ...second, host: names[at ^ 1] ?? name },
      ],
    };
  });
  return { ...example, hosts, vips };
}

export const fleetFacts = ({ hosts }: Pick<Inventory, 'hosts'>): ReadonlyMap<string, HostFacts> =>
  new Map(
    hosts.map(({ name, address: own }) => [
      name,
      bareFacts(name, { interfaces: [{ name: 'ens33', up: true, addresses: [`${own}/24`] }] }),
    ]),
  );
