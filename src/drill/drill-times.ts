/** How long a drill takes and how long its fault lasts, by the timers of its VIP. Pure; milliseconds. */

import { type Bound, bound } from '../measure/bounds.ts';
import { actLimitMs, patienceMs, settleMs } from '../move/watch-move.ts';
import type { DrillCase } from './drill-case.ts';
import { drills } from './drill-table.ts';
import { bootLimitMs, startLimitMs } from './reboot.ts';

export interface Bounds {
  readonly away: Bound;
  readonly back: Bound;
}

export function boundsOf({ drill, vip, vrrp, from, to }: DrillCase): Bounds {
  const { away, back } = drills[drill];
  return {
    away: bound(away, { vip, vrrp, successor: to.host, priority: to.priority }),
    back: bound(back, { vip, vrrp, successor: from.host, priority: from.priority }),
  };
}

/** systemd may run a timer of AccuracySec=1s this much later. */
const timerLateMs = 1_000;

/** When the timer on the host restores it: later than the drill itself would, if that can. */
export function deadManSeconds(given: DrillCase): number {
  const { away } = boundsOf(given);
  const moved = away.withinMs + settleMs + graceMs(given);
  const held = Math.max(moved, holdMs(given));
  return Math.ceil(
    (drills[given.drill].cutsOff === true ? Math.max(moved + 3_000, held) : held + patienceMs + 20_000) /
      1000,
  );
}

/** How long connections may live on, each way. */
const graceMs = ({ grace }: DrillCase): number => 1000 * (grace?.seconds ?? 0);

/** How long the fault lasts at least; 0: no longer than the move takes. */
const holdMs = ({ drill, hold = 0 }: DrillCase): number => (drills[drill].heals === true ? 0 : 1000 * hold);

/** As `holdMs`, or where the host is cut off, until its timer has ended the fault. */
export const faultLastsMs = (given: DrillCase): number =>
  drills[given.drill].cutsOff === true ? 1000 * deadManSeconds(given) + timerLateMs : holdMs(given);

/** The longest that a drill takes: the wait until all is steady, the move, the way back, an action before each. */
export function drillLimitMs(given: DrillCase): number {
  const { away, back } = boundsOf(given);
  const faultMs = drills[given.drill].reboots === true ? bootLimitMs + startLimitMs : faultLastsMs(given);
  const moves = away.withinMs + 2 * back.withinMs + 3 * patienceMs + 2 * (settleMs + actLimitMs);
  return moves + faultMs + 2 * graceMs(given);
}
