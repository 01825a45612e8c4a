/** The thread of the connections that are held open: neither the sampler nor SSH delays them, and they delay neither. */

import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from '../base/clock.ts';
import { type ConnectionOptions, holdConnections } from './hold-connections.ts';

const held = holdConnections(workerData as ConnectionOptions, monotonicMs);
void held.opened.then(() => parentPort?.postMessage(null));
parentPort?.on('message', (order: 'ask' | 'forget') => {
  if (order === 'ask') void held.ask().then((fates) => parentPort?.postMessage(fates));
  else void held.forget().then(() => parentPort?.close());
});
