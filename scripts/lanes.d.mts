interface Job {
  readonly name: string;
  readonly builds: boolean;
  readonly measures: boolean;
  readonly waits: boolean;
  readonly all?: boolean;
}
export function inLanes<T extends Job>(
  jobs: readonly T[],
  run: (job: T) => Promise<void>,
  limits?: { readonly processors?: number; readonly mayBegin?: () => boolean },
): Promise<T[]>;
export const quickTests: Readonly<Record<string, readonly string[]>>;
