/** Milliseconds to a tenth. */
export const tenths = (ms: number): number => Math.round(ms * 10) / 10;
