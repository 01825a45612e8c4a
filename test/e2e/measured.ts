/** What is timed on a machine that did not get to do its own work is no measurement. */

/** Beyond this, timers of VRRP with adverts of 100 ms are not kept here either. */
const spoilingMs = 100;

/**
 * Judges what was measured. When it does not pass and this machine stalled meanwhile, by the sampler's own account,
 * the error says so: vitest.config.ts has such a test repeated once.
 */
export function measured(stalledMs: number, judge: () => void): void {
  try {
    judge();
  } catch (error) {
    if (stalledMs <= spoilingMs) throw error;
    throw new Error(`not measured: this machine stalled for ${Math.round(stalledMs)} ms`, { cause: error });
  }
}
