/** The sampler's own thread: SSH, parsing and drawing on the main one cannot delay a request. */

import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from '../base/clock.ts';
import { type SampleOptions, sampleLoop } from './sample-loop.ts';

const loop = sampleLoop(workerData as SampleOptions, monotonicMs, (batches) =>
  parentPort?.postMessage(batches),
);
parentPort?.once('message', () => {
  void loop.stop().then(() => parentPort?.close());
});
