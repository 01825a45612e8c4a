/** The report of a drill, from what was observed. Pure; milliseconds, to the tenth. */

import type { HostName } from '../model/domain.ts';
import type { DrillName } from '../model/fault.ts';
import type { BesideReport, ConnectionFigures, DrillReport, Span } from '../model/report.ts';
import type { Bound } from '../measure/bounds.ts';
import { lateness } from '../measure/start-errors.ts';
import { type AddressEvent, heldSpans, tenures } from '../measure/tenures.ts';
import { outage, type Sample } from '../measure/outage.ts';
import { tenths } from '../base/tenths.ts';
import { answered, heldBy } from '../move/figures.ts';
import { type Drill, drills } from './drill-table.ts';
import { judgeMove } from '../move/verdict.ts';
import { requestLog } from './request-log.ts';
import { takeoverOf } from './takeover.ts';

/** From before the fault to after the way back. Times on one clock. */
export interface DrillObservation {
  readonly drill: DrillName;
  readonly address: string;
  readonly from: HostName;
  readonly to: HostName;
  readonly away: Bound;
  readonly back: Bound;
  readonly intervalMs: number;
  /** When a request was due: at every interval from here on. */
  readonly startMs: number;
  readonly first: boolean;
  readonly samples: readonly Sample[];
  readonly events: readonly AddressEvent[];
  readonly clockErrorMs: number;
  /** When sampling began, when the fault was ordered, when its end was ordered, when watching ended. */
  readonly beganMs: number;
  readonly brokenMs: number;
  /** When it came, by the host's own word. */
  readonly faultMs: number;
  readonly restoredMs: number;
  readonly endedMs: number;
  /** When the successor had taken over, and when the holder was back; null: never. */
  readonly takenMs: number | null;
  readonly returnedMs: number | null;
  readonly beside: readonly BesideReport[];
  readonly besideReasons: readonly string[];
  /** Empty: none were held open. */
  readonly connections: readonly ConnectionFigures[];
}

const wordsOf = ({ title, began, ended }: Drill, host: HostName) => ({ title: title(host), began, ended });

const limitsOf = ({ outageMs, allowanceMs }: Bound) => ({
  boundMs: tenths(outageMs),
  allowanceMs: tenths(allowanceMs),
});

export function drillReport(seen: DrillObservation): DrillReport {
  const { drill, from, to, away, back, samples, brokenMs, restoredMs, endedMs } = seen;
  const { broke, returned } = judgedMoves(seen);
  const reasons = [
    ...broke.reasons,
    ...returned.reasons.map((reason) => `failback: ${reason}`),
    ...seen.besideReasons,
  ];
  const relative = <T extends Span>(span: T): T => ({
    ...span,
    fromMs: tenths(span.fromMs - brokenMs),
    toMs: tenths(span.toMs - brokenMs),
  });
  const held = heldSpans(tenures([], seen.events, { fromMs: seen.beganMs, toMs: endedMs }));
  return {
    drill,
    ...wordsOf(drills[drill], from),
    from,
    to: seen.takenMs === null ? null : to,
    ...answered(broke),
    ...limitsOf(away),
    ...heldBy(broke),
    failback:
      seen.returnedMs === null ? null : { ...answered(returned), ...heldBy(returned), ...limitsOf(back) },
    ok: reasons.length === 0,
    reasons,
    timeline: held.map(relative),
    unanswered: [...broke.unanswered, ...returned.unanswered].map(relative),
    restoredMs: tenths(restoredMs - brokenMs),
    formula: away.formula,
    ...takeoverOf({
      from,
      events: seen.events,
      samples: samples.filter(({ sentAt }) => sentAt >= brokenMs && sentAt < restoredMs),
      fault: { fromMs: seen.faultMs, toMs: restoredMs },
    }),
    answeredBy: [...broke.answeredBy, ...returned.answeredBy].map(relative),
    stalledMs: tenths(Math.max(broke.stalledMs, returned.stalledMs)),
    clockErrorMs: tenths(seen.clockErrorMs),
    intervalMs: seen.intervalMs,
    everyMs: tenths(Math.max(broke.everyMs, returned.everyMs)),
    lateMs: lateness(samples, seen),
    ...(seen.beside.length === 0 ? {} : { beside: seen.beside }),
    ...(seen.connections.length === 0 ? {} : { connections: seen.connections }),
    requests: requestLog(samples, brokenMs),
  };
}

/** The way there, until its end was ordered, and the way back. */
function judgedMoves(seen: DrillObservation) {
  const { address, intervalMs, events, clockErrorMs, from, to, samples, restoredMs } = seen;
  const common = { address, intervalMs, events, clockErrorMs };
  return {
    broke: judgeMove({
      ...common,
      from,
      to,
      bound: seen.away,
      window: { fromMs: seen.brokenMs, toMs: restoredMs },
      samples: samples.filter(({ sentAt }) => sentAt < restoredMs),
      arrivedMs: seen.takenMs,
    }),
    returned: judgeMove({
      ...common,
      from: to,
      to: from,
      bound: seen.back,
      window: { fromMs: restoredMs, toMs: seen.endedMs },
      samples: samples.filter(({ sentAt }) => sentAt >= restoredMs),
      arrivedMs: seen.returnedMs,
    }),
  };
}

/** A drill that did not take place: all there is was seen while waiting until all was steady. */
export function refusedDrill(
  drill: DrillName,
  from: HostName,
  away: Bound | null,
  seen: { readonly samples: readonly Sample[]; readonly intervalMs: number },
  reason: string,
): DrillReport {
  const http = outage(seen.samples, seen.intervalMs);
  return {
    drill,
    ...wordsOf(drills[drill], from),
    from,
    to: null,
    outageMs: tenths(http.longestGapMs),
    lost: http.lost,
    total: http.total,
    retried: http.retried,
    boundMs: tenths(away?.outageMs ?? 0),
    allowanceMs: tenths(away?.allowanceMs ?? 0),
    bothHeldMs: 0,
    noneHeldMs: 0,
    failback: null,
    ok: false,
    reasons: [`not drilled: ${reason}`],
    timeline: [],
    unanswered: [],
    restoredMs: null,
  };
}
