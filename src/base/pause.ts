import { setTimeout as sleep } from 'node:timers/promises';

/** Rejects with the signal's own reason when it aborts: that is what the operator is told. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
