/** Which VIPs a cluster serves at the moment when a plan is made. Pure. */

import type { HostName, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { holdsVip } from '../cluster/cluster-state.ts';
import type { DrainContext } from './host-drain.ts';
import { writtenInstances } from './vrrp-text.ts';

export interface ServedVips {
  /** VIPs that some host holds. */
  readonly held: readonly Vip[];
  /** Those of them that one host alone holds: after an apply that was cut off it may be two. */
  readonly alone: readonly Vip[];
  /** How many VIPs a host holds. */
  readonly heldBy: (host: HostName) => number;
  /** `able`: the host can be drained. */
  readonly drainContext: (host: HostName, able: boolean) => DrainContext;
}

export const addressesOf = (vips: readonly Vip[]): readonly string[] =>
  vips.map(({ address }) => address.address);

export function servedVips(
  cluster: readonly HostName[],
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
): ServedVips {
  const holders = (vip: Vip): readonly HostName[] => cluster.filter((host) => holdsVip(have, host, vip));
  const held = vips.filter((vip) => holders(vip).length > 0);
  const alone = held.filter((vip) => holders(vip).length === 1);
  const heldBy = (host: HostName): number => held.filter((vip) => holders(vip).includes(host)).length;
  return {
    held,
    alone,
    heldBy,
    drainContext: (host, able) => ({
      held: addressesOf(alone),
      watched: addressesOf(
        vips.filter((vip) => vip.members.some((member) => member.host === host) && holders(vip).length < 2),
      ),
      holds: heldBy(host) > 0,
      able,
    }),
  };
}

/**
 * Whether hosts, each with such a configuration, agree that the members of a VIP come in the order of the
 * inventory: else it is with another until all of them have read the same.
 */
export function inOrder({ address, members }: Vip, textOf: (host: HostName) => string | null): boolean {
  const priorities = members.map(
    ({ host }) =>
      writtenInstances(textOf(host) ?? '').find(({ addresses }) => addresses.includes(address.address))
        ?.priority ?? Number.NaN,
  );
  return priorities.every((priority, at) => at === 0 || priority < (priorities[at - 1] ?? Number.NaN));
}
