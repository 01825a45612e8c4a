/** Which VIPs a cluster serves at the moment when a plan is made. Pure. */

import type { HostName, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { holdsAddress } from '../cluster/cluster-state.ts';
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

export function servedVips(
  cluster: readonly HostName[],
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
): ServedVips {
  const holders = ({ address }: Vip): readonly HostName[] =>
    cluster.filter((host) => {
      const facts = have.get(host);
      return facts !== undefined && holdsAddress(facts, address.address);
    });
  const held = vips.filter((vip) => holders(vip).length > 0);
  const alone = held.filter((vip) => holders(vip).length === 1);
  const heldBy = (host: HostName): number => held.filter((vip) => holders(vip).includes(host)).length;
  const addresses = (of: readonly Vip[]): readonly string[] => of.map(({ address }) => address.address);
  return {
    held,
    alone,
    heldBy,
    drainContext: (host, able) => ({
      held: addresses(alone),
      watched: addresses(
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
