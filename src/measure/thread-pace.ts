import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Pace } from './sample-loop.ts';

const timerMs = 5;

/** A pace that a thread of its own sets; resolves when it runs. */
export async function threadPace(intervalMs: number): Promise<Pace> {
  const worker = new Worker(new URL('./pace-thread.js', import.meta.url), { workerData: intervalMs });
  const [startMs] = (await once(worker, 'message')) as [number];
  let timer: NodeJS.Timeout | undefined;
  return {
    startMs,
    begin: (tick) => {
      worker.on('message', tick);
      // On a busy machine the thread that waits may be late itself: whichever is first counts.
      timer = setInterval(tick, Math.max(timerMs, intervalMs));
    },
    end: () => {
      clearInterval(timer);
      void worker.terminate();
    },
  };
}
