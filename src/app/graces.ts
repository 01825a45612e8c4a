import { memberAddress, memberInterface } from '../desired/vrrp-instances.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { VipMove } from '../move/decide-move.ts';
import type { GraceHost, GraceOrder } from '../move/grace.ts';

/** What a grace needs of each VIP that goes from one host to another. `facts`: of every host that answers. */
export function graceOrders(
  inventory: Inventory,
  moves: readonly VipMove[],
  facts: ReadonlyMap<HostName, HostFacts>,
): readonly GraceOrder[] {
  return moves.flatMap(({ vip, from, to }): readonly GraceOrder[] => {
    if (from === null || to === null) return [];
    const placeOf = (host: HostName): GraceHost => ({
      host,
      device: memberInterface(inventory, vip, host, facts),
      address: memberAddress(inventory, vip, host, facts),
    });
    try {
      return [
        {
          vip: vip.address.address,
          id: vip.virtualRouterId,
          from: placeOf(from),
          to: placeOf(to.host),
        },
      ];
    } catch (error) {
      // Without an address on the interface of the VIP there is nowhere to send connections to.
      if (error instanceof HaupError && error.code === 'INTERFACE_MISSING') return [];
      throw error;
    }
  });
}

/** `--grace`: whole seconds. */
export function graceSeconds(text: string | undefined): number {
  const seconds = Number(text ?? defaultGraceSeconds);
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= longestGraceSeconds) return seconds;
  throw new HaupError('USAGE', `--grace ${text} is not a number of seconds.`, {
    hint: `Give 0 to ${longestGraceSeconds}; 0 keeps no connection.`,
  });
}

const defaultGraceSeconds = 60;
const longestGraceSeconds = 86_400;
