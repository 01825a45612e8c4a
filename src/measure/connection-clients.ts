import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { HaupError } from '../model/errors.ts';
import { type ConnectionFates, type ConnectionOptions, kindsFor } from './hold-connections.ts';

/** Connections that are held open, in a thread of their own. Disposing ends them. */
export interface OpenConnections extends AsyncDisposable {
  /**
   * Sends on each that is still open, waits for the answers (0.9 s at the longest), and ends them all. Once; later
   * calls give the same. Rejects with DRILL_FAILED when the thread broke off.
   */
  ask(): Promise<ConnectionFates>;
  /**
   * Once the address is where it was when they were opened, and they were asked: that host forgets those that were not
   * ended in order, for which the next drain would wait. Does not reject.
   */
  forget(): Promise<void>;
}

/** More than each takes. */
const forgetLimitMs = 1_000;

/** Where none are wanted. */
const noConnections: OpenConnections = {
  ask: async () => new Map(),
  forget: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};

/** Resolves when every connection has been opened, or could not be. */
export async function openConnections(
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<OpenConnections> {
  signal.throwIfAborted();
  if (options.each === 0 || options.targets.every((target) => kindsFor(target).length === 0))
    return noConnections;
  const worker = new Worker(new URL('./connection-thread.js', import.meta.url), { workerData: options });
  const ended = new Promise<ConnectionFates>((resolve, reject) => {
    worker.on('message', (fates: ConnectionFates | null) => {
      if (fates !== null) resolve(fates);
    });
    worker.once('error', (cause) =>
      reject(new HaupError('DRILL_FAILED', 'The thread of the open connections broke off.', { cause })),
    );
  });
  // Whoever asks hears of it.
  ended.catch(() => {});
  const opened = new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  let asked = false;
  const connections: OpenConnections = {
    ask: () => {
      if (!asked) worker.postMessage('ask');
      asked = true;
      return ended;
    },
    forget: async () => {
      worker.postMessage('forget');
      await Promise.race([once(worker, 'exit'), sleep(forgetLimitMs, undefined, { ref: false })]);
    },
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
  try {
    await Promise.race([opened, ended]);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return connections;
}
