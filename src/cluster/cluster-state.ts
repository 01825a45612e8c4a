/** Who holds a VIP, and who should. Pure. */

import type { HostName, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { isAble } from './ability.ts';

/** Facts of every host of the inventory; null: it could not be reached. */
export type FactsByHost = ReadonlyMap<HostName, HostFacts | null>;

/**
 * The interface on which the kernel of a host has an address now; null: it has not. On `lo` it has a VIP for a grace only,
 * and does not hold it.
 */
export const interfaceOf = ({ interfaces }: HostFacts, address: string): string | null =>
  interfaces.find(
    ({ name, addresses }) => name !== 'lo' && addresses.some((cidr) => cidr.split('/')[0] === address),
  )?.name ?? null;

export const holdsAddress = (facts: HostFacts, address: string): boolean =>
  interfaceOf(facts, address) !== null;

/** False for a host whose facts are not known. */
export const holdsVip = (facts: FactsByHost, host: HostName, { address }: Vip): boolean => {
  const have = facts.get(host) ?? null;
  return have !== null && holdsAddress(have, address.address);
};

/** Hosts whose kernel has the address now. */
export const holders = (vip: Vip, facts: FactsByHost): readonly HostName[] =>
  vip.members.map(({ host }) => host).filter((host) => holdsVip(facts, host, vip));

/** The first able member; null: no member is. */
export function expectedHolder(vip: Vip, facts: FactsByHost): HostName | null {
  return vip.members.find(({ host }) => isAble(facts.get(host)))?.host ?? null;
}
