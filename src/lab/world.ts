import type { LabRoots } from './names.ts';

/** Says one line of progress to whoever watches. */
export type Say = (line: string) => void;

/** What every part of the lab is given from outside. */
export interface LabWorld {
  readonly roots: LabRoots;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly say: Say;
}

/** How long it has been since a `performance.now()`, `4.2 s`. */
export const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
