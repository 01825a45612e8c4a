/** The state of a cluster as facts show it: who holds a VIP, who can, who should. Pure. */

import { type HostName, type Service, services, type Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';

/** Facts of every host of the inventory; null: it could not be reached. */
export type FactsByHost = ReadonlyMap<HostName, HostFacts | null>;

/** Whether the kernel of a host has an address now. On `lo` it has it for a grace only, and holds no VIP by it. */
export function holdsAddress(facts: HostFacts, address: string): boolean {
  return facts.interfaces.some(
    ({ name, addresses }) => name !== 'lo' && addresses.some((cidr) => cidr.split('/')[0] === address),
  );
}

/** Hosts whose kernel has the address now. */
export function holders(vip: Vip, facts: FactsByHost): readonly HostName[] {
  return vip.members.flatMap(({ host }) => {
    const have = facts.get(host);
    return have !== null && have !== undefined && holdsAddress(have, vip.address.address) ? [host] : [];
  });
}

/** A member that can take a VIP: reached, both daemons active, not drained. */
export function isAble(have: HostFacts | null | undefined): boolean {
  return (
    have !== null &&
    have !== undefined &&
    services.every(
      (service) => have.services[service].active === 'active' || otherUnit(have, service) !== null,
    ) &&
    !isDrained(have)
  );
}

/** The unit of another name by which somebody else runs a service, where that was asked. */
export const otherUnit = ({ running = [] }: HostFacts, service: Service): string | null =>
  running.find((one) => one.service === service && one.unit !== null && one.unit !== `${service}.service`)
    ?.unit ?? null;

export const isDrained = (have: HostFacts): boolean => (have.drain ?? 0) < 0;

/** Who should hold a VIP now: the first able member. Null: nobody can. */
export function expectedHolder(vip: Vip, facts: FactsByHost): HostName | null {
  return vip.members.find(({ host }) => isAble(facts.get(host)))?.host ?? null;
}
