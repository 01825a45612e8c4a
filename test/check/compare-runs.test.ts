import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareRuns } from '../../src/check/compare-runs.ts';
import type { DrillFigures, VerifyRun } from '../../src/model/verify-history.ts';

const figures = (outageMs: number, changes: Partial<DrillFigures> = {}): DrillFigures => ({
  vip: '192.168.160.161',
  drill: 'stop',
  from: 'keep_136',
  ok: true,
  outageMs,
  boundMs: 687.5,
  allowanceMs: 133.1,
  lost: 0,
  retried: 0,
  total: 1000,
  ...changes,
});
const run = (day: number, drills: readonly DrillFigures[], cluster = 'one'): VerifyRun => ({
  version: 1,
  at: `2026-11-${String(day).padStart(2, '0')}T10:00:00.000Z`,
  haup: '0.1.0',
  inventory: 'inventory.yaml',
  cluster,
  ok: true,
  drills,
});
const earlier = (outages: readonly number[], changes: Partial<DrillFigures> = {}): readonly VerifyRun[] =>
  outages.map((outageMs, index) => run(index + 1, [figures(outageMs, changes)]));
const one = (outageMs: number, runs: readonly VerifyRun[]) =>
  compareRuns(run(29, [figures(outageMs)]), runs)[0];

test.each([
  { name: 'the first run', now: 690, before: [], last: null, best: null, worse: false },
  { name: 'few runs: within the allowance', now: 810, before: [690], last: 690, best: 690, worse: false },
  { name: 'few runs: beyond it', now: 830, before: [690], last: 690, best: 690, worse: true },
  {
    name: 'many steady runs: 20 ms are usual',
    now: 709,
    before: [690, 690, 690, 690, 690],
    last: 690,
    best: 690,
    worse: false,
  },
  {
    name: 'many steady runs: more is not',
    now: 711,
    before: [690, 690, 690, 690, 690],
    last: 690,
    best: 690,
    worse: true,
  },
  {
    name: 'many unsteady runs',
    now: 760,
    before: [660, 680, 700, 720, 740],
    last: 740,
    best: 660,
    worse: false,
  },
  {
    name: 'one bad run explains no other',
    now: 900,
    before: [690, 690, 691, 690, 900],
    last: 900,
    best: 690,
    worse: true,
  },
  { name: 'better', now: 600, before: [690, 690, 690, 690, 690], last: 690, best: 690, worse: false },
])('$name', ({ now, before, last, best, worse }) => {
  const compared = one(now, earlier(before));
  expect(compared).toMatchObject({ vip: '192.168.160.161', drill: 'stop', outageMs: now, worse });
  expect(compared?.last?.outageMs ?? null).toBe(last);
  expect(compared?.best?.outageMs ?? null).toBe(best);
});

test('other clusters, VIPs and drills are no comparison', () => {
  const runs = [
    run(1, [figures(10)], 'another'),
    run(2, [figures(10, { vip: '192.168.160.162' }), figures(10, { drill: 'drain' })]),
  ];
  expect(one(690, runs)).toMatchObject({ last: null, best: null, usualMs: null, worse: false });
});

test('other timers make another outage: it is shown, and is no finding', () => {
  expect(one(690, earlier([220, 220, 220, 220, 220], { boundMs: 218.8 }))).toMatchObject({
    last: { outageMs: 220, boundMs: 218.8 },
    earlier: 0,
    usualMs: null,
    worse: false,
  });
});

test('repeats count by their median', () => {
  const repeated = run(1, [figures(690), figures(1500), figures(692)]);
  const now = run(2, [figures(688), figures(2000), figures(690)]);
  expect(compareRuns(now, [repeated])).toMatchObject([
    { outageMs: 690, last: { outageMs: 692 }, worse: false },
  ]);
});

test('the spread counts every repeat of earlier runs, so one run of five is enough for it', () => {
  const repeated = run(
    1,
    [640, 660, 690, 720, 740].map((outageMs) => figures(outageMs)),
  );
  const now = (...outages: readonly number[]) =>
    compareRuns(
      run(
        2,
        outages.map((outageMs) => figures(outageMs)),
      ),
      [repeated],
    )[0];
  expect(now(820)).toMatchObject({ usualMs: 690, spreadMs: 133.4, earlier: 1, worse: false });
  expect(now(824)).toMatchObject({ worse: true });
  expect(now(700, 705, 1500)).toMatchObject({ runs: 3, outageMs: 705, worstMs: 1500, worse: false });
});

test('an outage no longer than the longest before is never worse where all were alike, and a longer one is no better', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 20 }),
      fc.integer({ min: 0, max: 5000 }),
      fc.integer({ min: 0, max: 5000 }),
      (before, outage, more) => {
        const [short, long] = [one(outage, earlier(before)), one(outage + more, earlier(before))];
        expect(short?.worse === true && long?.worse === false).toBe(false);
        if (before.every((ms) => ms >= outage)) expect(short?.worse).toBe(false);
      },
    ),
  );
});
