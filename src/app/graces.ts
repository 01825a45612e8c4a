import { indexed } from '../desired/inventory-index.ts';
import { memberAddress, memberInterface } from '../desired/vrrp-instances.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { VipMove } from '../move/decide-move.ts';
import type { GraceHost, GraceOrder } from '../move/grace-order.ts';

/** What a grace needs, by VIP; one may go to any of several hosts. `facts`: of every host that answers. */
export function graceOrders(
  inventory: Inventory,
  moves: readonly VipMove[],
  facts: ReadonlyMap<HostName, HostFacts>,
): readonly GraceOrder[] {
  const all = indexed(inventory);
  const orders = moves.flatMap(({ vip, from, to }): readonly GraceOrder[] => {
    if (from === null || to === null) return [];
    const placeOf = (host: HostName): GraceHost => ({
      host,
      device: memberInterface(vip, all.hostNamed(host), facts.get(host)),
      address: memberAddress(all, vip, host, facts),
    });
    try {
      return [
        {
          vip: vip.address.address,
          from: placeOf(from),
          to: [placeOf(to.host)],
        },
      ];
    } catch (error) {
      // Without an address on the interface of the VIP there is nowhere to send connections to.
      if (error instanceof HaupError && error.code === 'INTERFACE_MISSING') return [];
      throw error;
    }
  });
  const merged = new Map<string, GraceOrder>();
  for (const order of orders) {
    const before = merged.get(order.vip);
    merged.set(order.vip, before === undefined ? order : { ...before, to: [...before.to, ...order.to] });
  }
  return [...merged.values()];
}
