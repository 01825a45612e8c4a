import { setTimeout as sleep } from 'node:timers/promises';
import type { LabRoots } from './names.ts';

/** Says one line of progress to whoever watches. */
type Say = (line: string) => void;

/** What every part of the lab is given from outside. */
export interface LabWorld {
  readonly roots: LabRoots;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly say: Say;
}

/** How long it has been since a `performance.now()`, `4.2 s`. */
export const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Rejects with the reason of the signal, where the timer itself would say AbortError. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
}
