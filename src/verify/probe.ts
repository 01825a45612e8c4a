import { monotonicMs } from './clock.ts';
import type { Sample } from './outage.ts';
import { request, type Target } from './request.ts';

/** One request, lost after `limitMs`. Rejects only when the signal aborts. */
export async function probe(target: Target, limitMs: number, signal: AbortSignal): Promise<Sample> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const sample = await new Promise<Sample>((resolve) => {
    const pending = request(target, monotonicMs, resolve);
    ending.addEventListener('abort', () => pending.give('timeout'), { once: true });
  });
  signal.throwIfAborted();
  return sample;
}
