/** The report of a drill from its world: what the kernels and the clients saw between its moments. */

import type { Bound } from '../measure/bounds.ts';
import { connectionFigures } from '../measure/connection-fates.ts';
import type { ConnectionFates } from '../measure/hold-connections.ts';
import type { Sampler } from '../measure/sampler.ts';
import type { DrillReport, GraceReport } from '../model/report.ts';
import { type DrillEnvironment, type ObservedMove, settleMs } from '../move/watch-move.ts';
import { judgeBeside } from './beside-vips.ts';
import type { DrillCase } from './drill-case.ts';
import { drillReport } from './drill-report.ts';
import { drills } from './drill-table.ts';
import { boundsOf } from './drill-times.ts';
import { seenLate } from './reboot.ts';

export interface DrillWorld {
  readonly given: DrillCase;
  readonly environment: Pick<DrillEnvironment, 'now' | 'watch'>;
  readonly sampler: Sampler;
  /** The other VIPs of these hosts, and what the drill may cost them. */
  readonly others: readonly { readonly address: string; readonly allowed: Bound }[];
}

/** Milliseconds on the operator's clock. */
export interface DrillMoments {
  /** When all was steady. */
  readonly beganMs: number;
  /** When the fault came, by the host's own word; null: it did not say. */
  readonly faultMs: number | null;
  readonly gone: ObservedMove;
  /** When the end of the fault was ordered, or the host was back; null: it was not. */
  readonly endedFaultMs: number | null;
  /** Null: not seen. */
  readonly home: ObservedMove | null;
  /** What did not run again, in words. */
  readonly down: readonly string[];
  /** Of the connections that were held open. */
  readonly fates: ConnectionFates;
  /** What became of clients' connections on the way there and back; null: none were kept on purpose. */
  readonly kept: GraceReport | null;
  readonly keptBack: GraceReport | null;
}

export function observedReport(
  { given, environment, sampler, others }: DrillWorld,
  { beganMs, faultMs, gone, endedFaultMs, home, down, fates, kept, keptBack }: DrillMoments,
): DrillReport {
  const { vip, from, to } = given;
  const { address } = vip.address;
  const { ends, reboots } = drills[given.drill];
  const brokenMs = gone.window.fromMs;
  const endedMs = home?.window.toMs ?? environment.now();
  const heardMs = endedFaultMs ?? endedMs;
  const eventsOf = (of: string): ReturnType<typeof seenLate> => {
    const events = environment.watch.events(of);
    if (reboots !== true) return { events, backMs: null };
    return seenLate(events, from.host, { fromMs: brokenMs, toMs: heardMs });
  };
  const seen = (of: string) => ({
    samples: sampler.of(of).filter(({ sentAt }) => sentAt >= beganMs),
    intervalMs: sampler.intervalMs,
    startMs: sampler.startMs,
    first: sampler.first,
    events: eventsOf(of).events,
    clockErrorMs: environment.watch.clockErrorMs(),
  });
  const judged = others.map(({ address: other, allowed }) =>
    judgeBeside(other, allowed, { ...seen(other), window: { fromMs: brokenMs, toMs: endedMs } }),
  );
  const { backMs } = eventsOf(address);
  const report = drillReport({
    ...seen(address),
    ...boundsOf(given),
    beside: judged.map((one) => one.report),
    besideReasons: judged.flatMap(({ reasons }) => reasons),
    drill: given.drill,
    address,
    from: from.host,
    to: ends === 'kept' ? from.host : to.host,
    beganMs,
    brokenMs,
    faultMs: faultMs ?? brokenMs,
    // What the way back cost is none of the cost of the fault.
    restoredMs: backMs === null ? (home?.window.fromMs ?? heardMs) : backMs - settleMs / 2,
    endedMs,
    takenMs: gone.arrived.get(address) ?? null,
    returnedMs: home?.arrived.get(address) ?? null,
    connections: connectionFigures(fates.get(address) ?? [], brokenMs),
  });
  const returned =
    kept?.returned === undefined ? [] : [`its new holder failed, and ${from.host} had it again`];
  const reasons = [...down, ...returned, ...report.reasons];
  const { failback } = report;
  return {
    ...report,
    ok: reasons.length === 0,
    reasons,
    failback: failback === null || keptBack === null ? failback : { ...failback, grace: keptBack },
    ...(kept === null ? {} : { grace: kept }),
  };
}
