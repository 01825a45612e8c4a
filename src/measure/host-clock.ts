/**
 * A host's clock beside the operator's. Every line that a host stamps and sends was stamped before it
 * arrived, every answer to a question after the question was sent: each narrows the difference from one
 * side, as NTP does with its round trips (RFC 5905 section 8). Pure; milliseconds.
 *
 * NTP takes the middle of the two. Here the ways differ: a line travels in a fraction of a millisecond,
 * while a question first has to start a shell. So the difference is taken to be where the fastest line
 * puts it; the other side says how wrong that may be.
 */

import type { Span } from '../model/report.ts';

export interface HostClock {
  /** The host said `hostMs`, and it was heard at `localMs`: the host's clock is at least this far ahead. */
  heard(hostMs: number, localMs: number): void;
  /** The host was asked at `localMs` and said `hostMs` then: it is at most this far ahead. */
  asked(localMs: number, hostMs: number): void;
  /** The host's clock said `hostMs` while its monotonic one, which cannot be set, went through `up`. */
  ticked(hostMs: number, up: Span): void;
  /** A time of the host on the operator's clock. */
  toLocal(hostMs: number): number;
  /** How wrong `toLocal` may be. */
  errorMs(): number;
}

/** /proc/uptime counts hundredths of a second, and cuts off the rest. */
const uptimeStepMs = 10;

export function hostClock(): HostClock {
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  /** How far the host's clock is ahead of its monotonic one: at least and at most, by all ticks together. */
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    heard: (hostMs, localMs) => {
      least = Math.max(least, hostMs - localMs);
    },
    asked: (localMs, hostMs) => {
      most = Math.min(most, hostMs - localMs);
    },
    ticked: (hostMs, { fromMs, toMs }) => {
      low = Math.max(low, hostMs - toMs - uptimeStepMs);
      high = Math.min(high, hostMs - fromMs);
    },
    toLocal: (hostMs) => hostMs - least,
    // Either may be negative: then the clock was set in between, and what came before and after do not agree. Forward
    // the lines show it; backward they could as well have been slow, and only the monotonic clock knows.
    errorMs: () => Math.max(Math.abs(most - least), low - high),
  };
}
