/** The sampler's own thread: SSH, parsing and drawing on the main one cannot delay a request. */

import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from '../base/clock.ts';
import { type SampleOptions, sampleLoop } from './sample-loop.ts';
import { threadPace } from './thread-pace.ts';

// A CommonJS file, which the build makes of it, has no await at its top.
void (async () => {
  const options = workerData as SampleOptions;
  const pace = await threadPace(options.intervalMs);
  parentPort?.postMessage(pace.startMs);
  const loop = sampleLoop(options, monotonicMs, pace, (batches) => parentPort?.postMessage(batches));
  parentPort?.once('message', () => {
    void loop.stop().then(() => parentPort?.close());
  });
})();
