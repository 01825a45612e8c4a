/** Who holds a VIP, and who should. Pure. */

import type { HostName, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { isAble } from './ability.ts';

/** Facts of every host of the inventory; null: it could not be reached. */
export type FactsByHost = ReadonlyMap<HostName, HostFacts | null>;

/** The interface on which the kernel of a host has an address now; null: it has not. */
export const interfaceOf = ({ interfaces }: HostFacts, address: string): string | null =>
  interfaces.find((one) => one.addresses.some((cidr) => cidr.split('/')[0] === address))?.name ?? null;

export const holdsAddress = (facts: HostFacts, address: string): boolean =>
  interfaceOf(facts, address) !== null;

/** Hosts whose kernel has the address now. */
export function holders(vip: Vip, facts: FactsByHost): readonly HostName[] {
  return vip.members.flatMap(({ host }) => {
    const have = facts.get(host);
    return have !== null && have !== undefined && holdsAddress(have, vip.address.address) ? [host] : [];
  });
}

/** The first able member; null: no member is. */
export function expectedHolder(vip: Vip, facts: FactsByHost): HostName | null {
  return vip.members.find(({ host }) => isAble(facts.get(host)))?.host ?? null;
}
