/** The other VIPs of a drilled host: a drill may cost them no more than it costs them alone. Pure. */

import type { HostName, Vip, Vrrp } from '../model/domain.ts';
import type { BesideReport, Span } from '../model/report.ts';
import { type Bound, bound, type MoveCause } from '../measure/bounds.ts';
import { outage, type Sample } from '../measure/outage.ts';
import { type AddressEvent, heldTimes, tenures } from '../measure/tenures.ts';
import { tenths } from '../base/tenths.ts';
import { outageReasons } from '../move/verdict.ts';

export interface BesideVip {
  readonly vip: Vip;
  /** Who takes it when the drilled host gives it up; null: no host can. */
  readonly successor: { readonly host: HostName; readonly priority: number } | null;
}

export interface BesideObservation {
  readonly samples: readonly Sample[];
  readonly intervalMs: number;
  /** All events since the watching began. */
  readonly events: readonly AddressEvent[];
  readonly clockErrorMs: number;
  /** From the fault to the end of the watching. */
  readonly window: Span;
}

/** `held`: the drilled host held it when the fault came; else nothing may happen to it. */
export function besideBound(
  { vip, successor }: BesideVip,
  held: boolean,
  cause: MoveCause,
  vrrp: Vrrp,
): Bound {
  const [first] = vip.members;
  const { host, priority } = successor ?? first;
  return bound(held ? cause : 'drain', { vip, vrrp, successor: host, priority });
}

export function judgeBeside(
  address: string,
  allowed: Bound,
  { samples, intervalMs, events, clockErrorMs, window }: BesideObservation,
): { readonly report: BesideReport; readonly reasons: readonly string[] } {
  const http = outage(samples, intervalMs);
  const held = tenures([], events, window);
  const { bothHeldMs, noneHeldMs } = heldTimes(held);
  const both = [...new Set(held.flatMap(({ holders }) => (holders.length > 1 ? holders : [])))].toSorted();
  const split =
    bothHeldMs > allowed.allowanceMs + clockErrorMs
      ? [`${both.join(' and ')} both held it for ${(bothHeldMs / 1000).toFixed(1)} s: split brain`]
      : [];
  return {
    report: {
      address,
      outageMs: tenths(http.longestGapMs),
      lost: http.lost,
      total: http.total,
      retried: http.retried,
      boundMs: tenths(allowed.outageMs),
      bothHeldMs: tenths(bothHeldMs),
      noneHeldMs: tenths(noneHeldMs),
    },
    reasons: [...split, ...outageReasons(allowed, http)].map((reason) => `${address}: ${reason}`),
  };
}
