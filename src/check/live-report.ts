/** The status of hosts that are watched: their facts, kept current by what they have said since. Pure. */

import type { HostName, Inventory } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { StatusReport } from '../model/status-shape.ts';
import { unresponsive } from './checks.ts';
import { statusReport } from './status-report.ts';

export interface LiveHost {
  readonly facts: HostFacts;
  /** When they were gathered, by the operator's clock. */
  readonly gatheredAtMs: number;
  /** The addresses that its kernel has now. */
  readonly held: ReadonlySet<string>;
  /** Whether nginx answers; null: not known. */
  readonly answers: boolean | null;
}

/** `hosts`: null for one that cannot be reached; one that has not answered yet is absent. */
export function liveReport(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, LiveHost | null>,
  nowMs: number,
): StatusReport {
  const vips = inventory.vips.map(({ address }) => address.address);
  const facts = [...hosts].map(([name, host]): readonly [HostName, HostFacts | null] => [
    name,
    host && current(host, vips, nowMs),
  ]);
  return statusReport(inventory, new Map(facts), nowMs);
}

function current(
  { facts, gatheredAtMs, held, answers }: LiveHost,
  vips: readonly string[],
  nowMs: number,
): HostFacts {
  const others = facts.interfaces.map((one) => ({
    ...one,
    addresses:
      one.name === 'lo'
        ? one.addresses
        : one.addresses.filter((cidr) => !vips.includes(cidr.split('/')[0] ?? '')),
  }));
  const own = vips.filter((vip) => held.has(vip)).map((vip) => `${vip}/32`);
  const { nginx } = facts.services;
  const isSilent = answers === false && nginx.active === 'active';
  return {
    ...facts,
    clockMs: facts.clockMs + nowMs - gatheredAtMs,
    // The kernel's events do not say on which interface, and none of the checks asks.
    interfaces: [...others, { name: 'VIPs', up: true, addresses: own }],
    services: isSilent ? { ...facts.services, nginx: { ...nginx, active: unresponsive } } : facts.services,
  };
}
