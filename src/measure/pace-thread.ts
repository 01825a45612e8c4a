/**
 * A thread that only waits for the next request to be due: such a wait ends within some 0.1 ms, where timers count whole
 * milliseconds, and the thread that sends goes on to read answers meanwhile. Says first when it began, then when each
 * request is due. It runs until it is terminated.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from '../base/clock.ts';
import { goFirst } from './go-first.ts';

const intervalMs = workerData as number;
const unchanged = new Int32Array(new SharedArrayBuffer(4));
goFirst('wait');
const startMs = monotonicMs();
parentPort?.postMessage(startMs);
for (;;) {
  const slot = Math.floor((monotonicMs() - startMs) / intervalMs) + 1;
  const waitMs = startMs + slot * intervalMs - monotonicMs();
  if (waitMs > 0) Atomics.wait(unchanged, 0, 0, waitMs);
  parentPort?.postMessage(null);
}
