/** How long a takeover took, in its two parts. Pure; milliseconds on one clock. */

import { fromNanoseconds } from '../measure/monitor.ts';
import { isAnswered, type Sample } from '../measure/outage.ts';
import type { AddressEvent } from '../measure/tenures.ts';
import type { HostName } from '../model/domain.ts';
import type { Span, TakeoverFigures } from '../model/report.ts';
import { tenths } from '../base/tenths.ts';

export interface TakeoverSeen {
  readonly from: HostName;
  readonly events: readonly AddressEvent[];
  readonly samples: readonly Sample[];
  /** From the fault to its end. */
  readonly fault: Span;
}

/** Until another host's kernel got the VIP, and from then until that host first answered there. */
export function takeoverOf({ from, events, samples, fault }: TakeoverSeen): TakeoverFigures {
  const taken = events
    .filter(
      ({ host, held, at }) => held && host !== from && at >= fault.fromMs - beforeMs && at <= fault.toMs,
    )
    .toSorted((a, b) => a.at - b.at)[0];
  if (taken === undefined) return { detectionMs: null, takeoverMs: null };
  const answers = samples
    .filter(isAnswered)
    // An answer without a status names no host, and is the new holder's once that has the VIP.
    .filter(({ status, host, sentAt }) => (status === null ? sentAt >= taken.at : host === taken.host))
    .map(({ answeredAt }) => answeredAt);
  return {
    detectionMs: tenths(Math.max(0, taken.at - fault.fromMs)),
    takeoverMs: answers.length === 0 ? null : tenths(Math.max(0, Math.min(...answers) - taken.at)),
  };
}

/** Clocks of two hosts are known this well, at the usual. */
const beforeMs = 50;

/** When the fault came by the host's own clock, as break-host.sh says it; null: it did not. */
export function faultMoment(output: string): number | null {
  const said = /^fault (\d{7,})$/m.exec(output)?.[1];
  return said === undefined ? null : fromNanoseconds(said);
}
