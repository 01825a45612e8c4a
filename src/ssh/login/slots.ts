/** A semaphore that can shrink: a host may allow fewer channels than sshd's default of ten. */

import { setMaxListeners } from 'node:events';

export interface Slots {
  /** Waits for a free slot. Rejects with the signal's reason. */
  readonly take: (signal: AbortSignal) => Promise<void>;
  readonly free: () => void;
  /** The slot just taken was one too many: gives it up for good. False if it was the only one. */
  readonly shrink: () => boolean;
  /** The host has opened a channel: it allows at least one. */
  proven: boolean;
}

export function slots(count: number): Slots {
  let limit = count;
  let taken = 0;
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    while (taken < limit && waiting.length > 0) {
      taken += 1;
      waiting.shift()?.();
    }
  };
  return {
    proven: false,
    async take(signal) {
      signal.throwIfAborted();
      if (taken < limit) {
        taken += 1;
        return;
      }
      // As many as wait: no leak.
      setMaxListeners(0, signal);
      await new Promise<void>((resolve, reject) => {
        const go = (): void => {
          signal.removeEventListener('abort', abort);
          resolve();
        };
        const abort = (): void => {
          waiting.splice(waiting.indexOf(go), 1);
          reject(signal.reason as Error);
        };
        waiting.push(go);
        signal.addEventListener('abort', abort, { once: true });
      });
    },
    free() {
      taken -= 1;
      wake();
    },
    shrink() {
      taken -= 1;
      limit = Math.max(1, Math.min(limit, taken));
      const others = taken > 0;
      if (!others) wake();
      return others;
    },
  };
}
