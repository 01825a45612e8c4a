import { Worker } from 'node:worker_threads';
import { HaupError } from '../model/errors.ts';
import type { Target } from './ask.ts';
import type { Sample } from './outage.ts';
import type { SampleBatch, SampleOptions, SamplerStart } from './sample-loop.ts';

/**
 * `rate` requests a second to each target. Null: 200, and 1000 in all: more would load what is measured. A TLS handshake
 * takes a hundred times as long as a request, and a connection of a stream goes on to an upstream: of those 50.
 */
export const intervalFor = (targets: readonly Target[], rate: number | null = null): number =>
  rate !== null
    ? 1000 / rate
    : Math.max(targets.every(({ kind = 'http' }) => kind === 'http') ? 5 : 20, targets.length);

/**
 * Below TCP's first retransmission (1 s, RFC 6298 2.1): a connection whose first packet was lost stays
 * lost here, as it is for the person who waits.
 */
export const timeoutMs = 900;

/**
 * V8 stops a thread to collect its young objects, and every request leaves a socket. At 1,000 requests a second half of these stops
 * took more than 2.6 ms with V8's own limit, 4.7 ms in an outage; with this one they are more frequent and take 0.9 ms.
 */
const maxYoungGenerationSizeMb = 4;

/** Samples as they end, from a thread of its own. Disposing stops it at once. */
export interface Sampler extends AsyncDisposable, SamplerStart {
  /** Between two requests to one target. */
  readonly intervalMs: number;
  /** What has ended so far for one target, in the order of ending. Throws when the thread broke off. */
  of(address: string): readonly Sample[];
  /** Sends no more, and resolves when every request under way has ended: at most `timeoutMs`. */
  stop(): Promise<void>;
}

/** Resolves when the first request has ended. Rejects with DRILL_FAILED when the thread cannot run. */
export async function startSampler(options: SampleOptions, signal: AbortSignal): Promise<Sampler> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./sample-thread.js', import.meta.url), {
    workerData: options,
    resourceLimits: { maxYoungGenerationSizeMb },
  });
  const samples = new Map<string, Sample[]>(options.targets.map(({ address }) => [address, []]));
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let failure: HaupError | null = null;
  let start: SamplerStart = { startMs: 0, first: false };
  const running = new Promise<void>((resolve, reject) => {
    worker.on('message', (said: SamplerStart | readonly SampleBatch[]) => {
      if ('startMs' in said) return void (start = said);
      for (const batch of said) samples.get(batch.address)?.push(...batch.samples);
      resolve();
    });
    worker.once('error', (cause) => {
      failure = new HaupError('DRILL_FAILED', 'The HTTP sampler broke off.', { cause });
      reject(failure);
    });
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  try {
    await running;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    intervalMs: options.intervalMs,
    ...start,
    of: (address) => {
      if (failure !== null) throw failure;
      return samples.get(address) ?? [];
    },
    stop: async () => {
      worker.postMessage('stop');
      await ended;
    },
    [Symbol.asyncDispose]: async () => {
      await worker.terminate();
    },
  };
}
