/**
 * What a series of requests says about an outage. Pure; every time is in milliseconds on one clock.
 */

import type { HolderSpan, Span } from '../model/report.ts';

/** One request on a connection of its own, and where that failed, on a second one. */
export interface Sample {
  readonly sentAt: number;
  /** Null: no answer came, on either connection. */
  readonly answeredAt: number | null;
  /** Null: none came, or the answer has none (a TLS handshake, a connection). */
  readonly status: number | null;
  /** Who answered by its own word (`X-Haup-Host`). */
  readonly host: string | null;
  /** The first connection failed, and the second was answered: a client that does not retry has lost this one. */
  readonly retried: boolean;
  /** Why the first connection was not answered: `timeout`, `ECONNRESET`, …; null: it was. */
  readonly error: string | null;
}

export interface HttpOutage {
  /**
   * The longest time in which no request was answered. Time in which this machine asked nothing is not
   * counted, unless the requests before and after it both went unanswered.
   */
  readonly longestGapMs: number;
  /** What a client that does not retry loses: requests whose first connection was cut, refused, silent or not served. */
  readonly lost: number;
  readonly total: number;
  /** Of the lost: those that a second connection answered. */
  readonly retried: number;
  /** From the first to the last request that was lost; 0: at most one was. */
  readonly lostWithinMs: number;
  /** The slowest answer. */
  readonly slowestMs: number;
  /** From the first to the last request of each run that was lost, and the interval after it. */
  readonly unanswered: readonly Span[];
  /** Who answered when: neighbours with the same host are one. */
  readonly answeredBy: readonly HolderSpan[];
  /** The longest time beyond the interval in which this machine asked nothing. */
  readonly stalledMs: number;
  /** From one request to the next, on average: more than the interval where this machine was too busy to ask. */
  readonly everyMs: number;
}

/** Of HTTP only a 200 counts as an answer, on whichever connection it came: an error page serves no client. */
export const isAnswered = (sample: Sample): sample is Sample & { readonly answeredAt: number } =>
  sample.answeredAt !== null && (sample.status === 200 || sample.status === null);

/** Lost to a client that does not retry. */
export const isLost = (sample: Sample): boolean => !isAnswered(sample) || sample.retried;

export function outage(samples: readonly Sample[], intervalMs: number): HttpOutage {
  const sent = samples.toSorted((a, b) => a.sentAt - b.sentAt);
  const answers = sent.filter(isAnswered).toSorted((a, b) => a.answeredAt - b.answeredAt);
  const lost = sent.filter(isLost);
  const stalls = stalledSpans(sent, intervalMs);
  return {
    longestGapMs: longestGap(sent, answers, stalls),
    lost: lost.length,
    total: sent.length,
    retried: answers.filter((one) => one.retried).length,
    lostWithinMs: (lost.at(-1)?.sentAt ?? 0) - (lost[0]?.sentAt ?? 0),
    slowestMs: answers.reduce((most, one) => Math.max(most, one.answeredAt - one.sentAt), 0),
    unanswered: unansweredSpans(sent, intervalMs),
    answeredBy: answeredBy(answers.filter(({ status }) => status !== null)),
    stalledMs: stalls.reduce((most, stall) => Math.max(most, stall.toMs - stall.fromMs), 0),
    everyMs: ((sent.at(-1)?.sentAt ?? 0) - (sent[0]?.sentAt ?? 0)) / Math.max(1, sent.length - 1),
  };
}

interface Stall extends Span {
  /** The requests before and after it both went without an answer: the outage went on in between. */
  readonly dark: boolean;
}

function stalledSpans(sent: readonly Sample[], intervalMs: number): readonly Stall[] {
  const spans = sent.flatMap((next, index) => {
    const last = sent[index - 1];
    if (last === undefined || next.sentAt - last.sentAt <= 2 * intervalMs) return [];
    return [{ fromMs: last.sentAt + intervalMs, toMs: next.sentAt, last, next }];
  });
  const waited = (sample: Sample): boolean => {
    if (!isAnswered(sample)) return true;
    const life = { fromMs: sample.sentAt, toMs: sample.answeredAt };
    // An answer that lay here unread while this machine stalled was not late.
    const idle = spans.reduce((sum, span) => sum + overlap(life, span), 0);
    return sample.answeredAt - sample.sentAt - idle > promptIntervals * intervalMs;
  };
  return spans.map(({ fromMs, toMs, last, next }) => ({ fromMs, toMs, dark: waited(last) && waited(next) }));
}

/** An answer within this many intervals was not delayed by an outage. */
const promptIntervals = 5;

function longestGap(
  sent: readonly Sample[],
  answers: readonly (Sample & { readonly answeredAt: number })[],
  stalls: readonly Stall[],
): number {
  const first = sent[0]?.sentAt;
  const last = sent.at(-1)?.sentAt;
  if (first === undefined || last === undefined) return 0;
  const blank = stalls.filter((stall) => !stall.dark);
  let longest = 0;
  let from = first;
  for (const to of [...answers.map((one) => one.answeredAt), last]) {
    const idle = blank.reduce((sum, stall) => sum + overlap({ fromMs: from, toMs: to }, stall), 0);
    longest = Math.max(longest, to - from - idle);
    from = Math.max(from, to);
  }
  return longest;
}

const overlap = (a: Span, b: Span): number =>
  Math.max(0, Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs));

function unansweredSpans(sent: readonly Sample[], intervalMs: number): readonly Span[] {
  const spans: Span[] = [];
  sent.forEach((sample, index) => {
    if (!isLost(sample)) return;
    const before = sent[index - 1];
    const span = { fromMs: sample.sentAt, toMs: sample.sentAt + intervalMs };
    const open = before !== undefined && isLost(before) ? spans.pop() : undefined;
    spans.push(open === undefined ? span : { fromMs: open.fromMs, toMs: span.toMs });
  });
  return spans;
}

function answeredBy(answers: readonly (Sample & { readonly answeredAt: number })[]): readonly HolderSpan[] {
  const spans: HolderSpan[] = [];
  for (const { host, answeredAt } of answers) {
    const name = host ?? '';
    const open = spans.at(-1);
    if (open?.host === name) spans[spans.length - 1] = { ...open, toMs: answeredAt };
    else spans.push({ host: name, fromMs: answeredAt, toMs: answeredAt });
  }
  return spans;
}
