import { hrtime } from 'node:process';

/** Milliseconds on the machine's monotonic clock: the same in every thread, and no one can set it. */
export const monotonicMs = (): number => Number(hrtime.bigint()) / 1e6;
