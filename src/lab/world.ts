import type { LabRoots } from './names.ts';

/** Reports one line of progress. */
type Say = (line: string) => void;

/** What the lab gets from its caller. */
export interface LabWorld {
  readonly roots: LabRoots;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly say: Say;
}

/** The time since a `performance.now()`, `4.2 s`. */
export const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
