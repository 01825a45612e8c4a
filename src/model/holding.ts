import type { HostFacts } from './facts.ts';

/** Whether the kernel of a host has an address now. */
export function holdsAddress(facts: HostFacts, address: string): boolean {
  return facts.interfaces.some((one) => one.addresses.some((cidr) => cidr.split('/')[0] === address));
}
