/** Open connections live on while a drill moves VIPs: away as in a failover, back as in a failback. */

import type { GraceReport } from '../model/report.ts';
import { abandonGraces, type BegunGrace, beginGraces, endGraces, tellGrace } from '../move/grace.ts';
import type { GraceOrder } from '../move/grace-order.ts';
import type { DrillEnvironment } from '../move/watch-move.ts';
import type { DrillCase } from './drill-case.ts';

export interface DrillGraces {
  /** Before VIPs leave the host, which takes `withinMs` at the longest. */
  away(withinMs: number): Promise<void>;
  /** Before they return to it. */
  back(withinMs: number): Promise<void>;
  /** Once they have moved; resolves when what was open has ended, or the grace is over. Null: nothing is kept. */
  end(): Promise<GraceReport | null>;
  /** They have not moved. */
  abandon(): Promise<void>;
}

export function drillGraces(
  { grace: { seconds, orders: all } = { seconds: 0, orders: [] }, from, vip }: DrillCase,
  environment: DrillEnvironment,
  signal: AbortSignal,
): DrillGraces {
  let begun: readonly BegunGrace[] = [];
  const begin = async (orders: readonly GraceOrder[], withinMs: number): Promise<void> => {
    begun = await beginGraces(orders, seconds, withinMs, environment);
  };
  return {
    away: (withinMs) =>
      begin(
        all.filter((order) => environment.watch.holders(order.vip).includes(from.host)),
        withinMs,
      ),
    back: (withinMs) =>
      begin(
        begun.flatMap(({ order }) => {
          const holders = environment.watch.holders(order.vip);
          const taker = order.to.find(({ host }) => holders.includes(host));
          return taker === undefined ? [] : [{ ...order, from: taker, to: [order.from] }];
        }),
        withinMs,
      ),
    end: async () => {
      const reports = await endGraces(begun, seconds, environment, signal);
      for (const { order } of begun)
        if (order.vip !== vip.address.address) tellGrace(order, reports.get(order.vip), environment);
      return reports.get(vip.address.address) ?? null;
    },
    abandon: () => abandonGraces(begun, environment),
  };
}
