/** How punctual a sampler was. Pure; milliseconds on one clock. */

import type { StartErrors } from '../model/report.ts';
import type { Sample } from './outage.ts';
import type { SamplerStart } from './sample-loop.ts';

/** Of one sampler, from the samples of one target; to a hundredth. */
export function lateness(
  samples: readonly Sample[],
  { startMs, intervalMs, first }: SamplerStart & { readonly intervalMs: number },
): StartErrors {
  const sent = samples.map(({ sentAt }) => sentAt).toSorted((a, b) => a - b);
  const { median, p99, worst } = startErrors(sent, startMs, intervalMs);
  return { median: hundredths(median), p99: hundredths(p99), worst: hundredths(worst), first };
}

const hundredths = (ms: number): number => Math.round(ms * 100) / 100;

/**
 * Between the first and the last request; all zero without requests.
 *
 * @param sent when each request was sent, ascending
 * @param startMs when one was due; the others are due an interval after each other
 */
export function startErrors(
  sent: readonly number[],
  startMs: number,
  intervalMs: number,
): Omit<StartErrors, 'first'> {
  const errors: number[] = [];
  let last: number | null = null;
  for (const sentAt of sent) {
    // A clock reading just before a moment is one of that moment.
    const slot = Math.floor((sentAt - startMs) / intervalMs + 1e-6);
    for (let due = last === null ? slot : last + 1; due <= slot; due++)
      errors.push(Math.max(0, sentAt - startMs - due * intervalMs));
    last = slot;
  }
  const sorted = errors.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { median: at(0.5), p99: at(0.99), worst: at(1) };
}
