/** scripts/patience.mjs measures it and vitest.config.ts sets it; 3 on a machine that is quick and quiet. */
const patience: number = Number(process.env['HAUP_TEST_PATIENCE'] ?? '3');

/** A limit for what hangs, on this machine: `ms` is far more than it takes on a quick and quiet one. */
export const hangMs = (ms: number): number => ms * patience;
