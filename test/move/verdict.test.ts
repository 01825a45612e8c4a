import { describe, expect, test } from 'vitest';
import type { Bound } from '../../src/measure/bounds.ts';
import { judgeMove, type MoveObservation } from '../../src/move/verdict.ts';

const bound: Bound = {
  outageMs: 0,
  allowanceMs: 100,
  lossless: true,
  withinMs: 3_600,
  bothHeldMs: 0,
  noneHeldMs: 0,
  formula: '',
};

/** `a` had it, `b` took it at 1,000 ms, and `a` let go `overlapMs` later. */
const seen = (overlapMs: number, clockErrorMs: number): MoveObservation => ({
  address: '10.0.0.1',
  from: 'a',
  to: 'b',
  bound,
  window: { fromMs: 500, toMs: 8_000 },
  samples: [],
  intervalMs: 5,
  events: [
    { at: 0, host: 'a', address: '10.0.0.1', held: true },
    { at: 1_000, host: 'b', address: '10.0.0.1', held: true },
    { at: 1_000 + overlapMs, host: 'a', address: '10.0.0.1', held: false },
  ],
  clockErrorMs,
  arrivedMs: 1_010,
});

describe('judgeMove', () => {
  test.each([
    [50, 0, null],
    [300, 0, /two hosts had it for 300 ms, and 100 ms is allowed/],
    [300, 250, null],
    // Five seconds of two holders were no failure when a clock had stepped by ten.
    [5_000, 10_000, /not measured: the times of the hosts may be wrong by 10\.0 s, and 0\.5 s is the most/],
    [0, 501, /not measured/],
    [0, 500, null],
  ])('two holders for %i ms, the clocks known to %i ms', (overlapMs, clockErrorMs, says) => {
    const { reasons } = judgeMove(seen(overlapMs, clockErrorMs));
    if (says === null) expect(reasons).toEqual([]);
    else expect(reasons.join()).toMatch(says);
  });
});
