/** The sampler's own thread: SSH, parsing and drawing on the main one cannot delay a request. */

import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from '../base/clock.ts';
import { type SampleOptions, type SamplerStart, sampleLoop } from './sample-loop.ts';
import { goFirst } from './go-first.ts';
import { threadPace } from './thread-pace.ts';

// A CommonJS file, which the build makes of it, has no await at its top.
void (async () => {
  const options = workerData as SampleOptions;
  const first = goFirst('send');
  const pace = await threadPace(options.intervalMs);
  const began: SamplerStart = { startMs: pace.startMs, first };
  parentPort?.postMessage(began);
  const loop = sampleLoop(options, monotonicMs, pace, (batches) => parentPort?.postMessage(batches));
  parentPort?.once('message', () => {
    void loop.stop().then(() => parentPort?.close());
  });
})();
