/** What the charts of a drill show, and which part of it a view shows. No DOM. */

import type { DrillReport, RequestLog, Span } from '../model/report.ts';
import { wordsOf } from '../report/drill-words.ts';
import { halves, outageSpan } from '../report/outage-span.ts';

export type LoggedDrill = DrillReport & { readonly requests: RequestLog };

export interface DrillScene {
  readonly drill: LoggedDrill;
  /** In the order in which they come into the drill. */
  readonly hosts: readonly string[];
  /** Milliseconds at which each request was sent. */
  readonly x: number[];
  /** Indexes of requests. */
  readonly lost: ReadonlySet<number>;
  /** The fault and its end. */
  readonly marks: readonly Mark[];
  readonly outages: readonly MeasuredOutage[];
}

export interface Mark {
  readonly ms: number;
  readonly text: string;
}

interface MeasuredOutage {
  readonly span: Span;
  readonly boundMs: number;
  readonly allowanceMs: number;
}

export function drillScene(drill: LoggedDrill): DrillScene {
  const { from, to, timeline, requests, restoredMs } = drill;
  const words = wordsOf(drill);
  return {
    drill,
    hosts: [...new Set([from, ...(to === null ? [] : [to]), ...timeline.map(({ host }) => host)])],
    x: [...requests.sentMs],
    lost: new Set(requests.lost),
    marks: [
      { ms: 0, text: words.began },
      ...(restoredMs === null ? [] : [{ ms: restoredMs, text: words.ended }]),
    ],
    outages: measured(drill),
  };
}

/** The outage of the way there, and of the way back where it is known what it may be. */
function measured(drill: LoggedDrill): readonly MeasuredOutage[] {
  const { there, back } = halves(drill);
  const { failback } = drill;
  return [
    { within: there, ...drill },
    ...(failback === null ? [] : [{ within: back, boundMs: 0, allowanceMs: 0, ...failback }]),
  ].flatMap(({ within, outageMs, boundMs, allowanceMs }) => {
    const span = outageSpan(drill.requests, within, outageMs);
    return span === null ? [] : [{ span, boundMs, allowanceMs }];
  });
}

/** The part of the time axis that `there` or `back` shows, else all. */
export function viewOf(
  { drill, x }: DrillScene,
  view: string,
): { readonly min: number; readonly max: number } {
  const { timeline, restoredMs, boundMs, allowanceMs } = drill;
  const all = { min: x[0] ?? 0, max: x.at(-1) ?? 1 };
  const zoom = (around: number, lengthMs: number) => ({
    min: Math.max(all.min, around - 0.25 * lengthMs),
    max: Math.min(all.max, around + 1.25 * lengthMs),
  });
  const moved = (fromMs: number, toMs: number): number =>
    Math.max(
      200,
      ...timeline
        .filter((held) => held.fromMs >= fromMs && held.fromMs < toMs)
        .map((held) => held.fromMs - fromMs),
    );
  const end = restoredMs ?? all.max;
  if (view === 'there') return zoom(0, Math.max(moved(0, end), boundMs + allowanceMs));
  if (view === 'back' && restoredMs !== null) return zoom(restoredMs, moved(restoredMs, all.max));
  return all;
}
