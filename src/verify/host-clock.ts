/**
 * A host's clock beside the operator's. Every line that a host stamps and sends was stamped before it
 * arrived, every answer to a question after the question was sent: each narrows the difference from one
 * side, as NTP does with its round trips (RFC 5905 section 8). Pure; milliseconds.
 *
 * NTP takes the middle of the two. Here the ways differ: a line travels in a fraction of a millisecond,
 * while a question first has to start a shell. So the difference is taken to be where the fastest line
 * puts it; the other side says how wrong that may be.
 */

export interface HostClock {
  /** The host said `hostMs`, and it was heard at `localMs`: the host's clock is at least this far ahead. */
  heard(hostMs: number, localMs: number): void;
  /** The host was asked at `localMs` and said `hostMs` then: it is at most this far ahead. */
  asked(localMs: number, hostMs: number): void;
  /** A time of the host on the operator's clock. */
  toLocal(hostMs: number): number;
  /** How wrong `toLocal` may be. */
  errorMs(): number;
}

export function hostClock(): HostClock {
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  return {
    heard: (hostMs, localMs) => {
      least = Math.max(least, hostMs - localMs);
    },
    asked: (localMs, hostMs) => {
      most = Math.min(most, hostMs - localMs);
    },
    toLocal: (hostMs) => hostMs - least,
    // Negative: one of the clocks was set in between, and what came before and after do not agree.
    errorMs: () => Math.abs(most - least),
  };
}
