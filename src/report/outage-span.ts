/** Where in a drill the longest time without an answer lies. Pure; milliseconds from the fault. */

import type { DrillReport, RequestLog, Span } from '../model/report.ts';

/**
 * The outage of the way there or back, as long as the report says, from the answer before it. Null: there was none.
 * The report leaves out what the measuring machine itself stalled, so the span may end before the next answer.
 */
export function outageSpan({ sentMs, tookMs }: RequestLog, within: Span, outageMs: number): Span | null {
  const answers: number[] = [];
  let sentFrom: number | null = null;
  let sentTo = 0;
  sentMs.forEach((sent, index) => {
    if (sent < within.fromMs || sent >= within.toMs) return;
    sentFrom ??= sent;
    sentTo = sent;
    const took = tookMs[index] ?? null;
    if (took !== null) answers.push(sent + took);
  });
  if (sentFrom === null || outageMs <= 0) return null;
  let from: number = sentFrom;
  let longest: Span = { fromMs: from, toMs: from };
  for (const to of [...answers.toSorted((a, b) => a - b), sentTo]) {
    if (to - from > longest.toMs - longest.fromMs) longest = { fromMs: from, toMs: to };
    from = Math.max(from, to);
  }
  return { fromMs: longest.fromMs, toMs: longest.fromMs + outageMs };
}

/** The two halves of a drill: from its first request to its end, cut where the fault was undone. */
export function halves({ restoredMs }: Pick<DrillReport, 'restoredMs'>): {
  readonly there: Span;
  readonly back: Span;
} {
  const cut = restoredMs ?? Number.POSITIVE_INFINITY;
  return {
    there: { fromMs: Number.NEGATIVE_INFINITY, toMs: cut },
    back: { fromMs: cut, toMs: Number.POSITIVE_INFINITY },
  };
}
