/**
 * Who held a VIP when, as each kernel reports it. Pure; every time is in milliseconds on one clock.
 */

import type { HostName } from '../model/domain.ts';
import type { HolderSpan, Span } from '../model/report.ts';

/** A kernel got or lost an address. */
export interface AddressEvent {
  readonly at: number;
  readonly host: HostName;
  /** Without its prefix length. */
  readonly address: string;
  readonly held: boolean;
}

/** A time in which the holders stayed the same. */
export interface Tenure extends Span {
  readonly holders: readonly HostName[];
}

/** The tenures of one VIP within a window: without holes, and no two neighbours alike. */
export function tenures(
  before: readonly HostName[],
  events: readonly AddressEvent[],
  window: Span,
): readonly Tenure[] {
  const holders = new Set(before);
  const list: Tenure[] = [];
  let from = window.fromMs;
  const close = (toMs: number): void => {
    if (toMs <= from) return;
    const now = [...holders].toSorted();
    const last = list.at(-1);
    if (last !== undefined && last.holders.join() === now.join()) list[list.length - 1] = { ...last, toMs };
    else list.push({ holders: now, fromMs: from, toMs });
    from = toMs;
  };
  for (const event of events.toSorted((a, b) => a.at - b.at)) {
    if (event.at > window.toMs) break;
    close(event.at);
    if (event.held) holders.add(event.host);
    else holders.delete(event.host);
  }
  close(window.toMs);
  return list;
}

/** How long two or more hosts, and how long no host, had the VIP. */
export function heldTimes(list: readonly Tenure[]): {
  readonly bothHeldMs: number;
  readonly noneHeldMs: number;
} {
  const sum = (wanted: (count: number) => boolean): number =>
    list.reduce((ms, one) => (wanted(one.holders.length) ? ms + one.toMs - one.fromMs : ms), 0);
  return { bothHeldMs: sum((count) => count > 1), noneHeldMs: sum((count) => count === 0) };
}

/** The same by host: each unbroken time in which it had the VIP, in the order in which they began. */
export function heldSpans(list: readonly Tenure[]): readonly HolderSpan[] {
  const spans: HolderSpan[] = [];
  for (const { holders, fromMs, toMs } of list) {
    for (const host of holders) {
      const open = spans.findIndex((span) => span.host === host && span.toMs === fromMs);
      const span = spans[open];
      if (span === undefined) spans.push({ host, fromMs, toMs });
      else spans[open] = { ...span, toMs };
    }
  }
  return spans;
}
