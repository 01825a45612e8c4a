interface Job {
  readonly name: string;
  readonly builds: boolean;
  readonly measures: boolean;
}
export function inLanes<T extends Job>(
  jobs: readonly T[],
  run: (job: T) => Promise<void>,
  most?: number,
): Promise<void>;
