import { expect, test } from 'vitest';
import type { DrillComparison } from '../../src/model/verify-history.ts';
import { comparisonText } from '../../src/report/comparison-text.ts';
import { plainStyle } from '../../src/report/style.ts';

const compared: DrillComparison = {
  vip: '192.168.160.161',
  drill: 'stop',
  runs: 1,
  outageMs: 830,
  worstMs: 830,
  last: { at: '2026-11-28T10:00:00.000Z', outageMs: 697, boundMs: 687.5 },
  best: { at: '2026-11-02T10:00:00.000Z', outageMs: 688, boundMs: 687.5 },
  earlier: 7,
  usualMs: 693,
  spreadMs: 24,
  worse: true,
};

test('says the change since last time and since the best, and what is usual', () => {
  const text = comparisonText(
    [
      compared,
      { ...compared, drill: 'drain', outageMs: 697, worse: false },
      { ...compared, last: null, best: null, earlier: 0, usualMs: null, spreadMs: null, worse: false },
      { ...compared, outageMs: 600, earlier: 0, usualMs: null, spreadMs: null, worse: false },
    ],
    plainStyle,
    100,
  );
  expect(text).toMatchInlineSnapshot(`
    "Compared with earlier runs
      ✗ 192.168.160.161 stop: outage 830 ms, 133 ms longer than last time (2026-11-28 10:00), 142 ms
        longer than the best (2026-11-02 10:00). Worse than the spread explains: usually 693 ms ± 24 ms
        over 7 runs.
      ✓ 192.168.160.161 drain: outage 697 ms, the same as last time (2026-11-28 10:00), 9 ms longer than
        the best (2026-11-02 10:00). Within the spread: usually 693 ms ± 24 ms over 7 runs.
      · 192.168.160.161 stop: outage 830 ms, the first run on record
      ✓ 192.168.160.161 stop: outage 600 ms, 97 ms shorter than last time (2026-11-28 10:00), 88 ms
        shorter than the best (2026-11-02 10:00). Its bound is new, so there is nothing to judge it by."
  `);
});

test('of repeats it says how many, and the worst', () => {
  expect(comparisonText([{ ...compared, runs: 10, worstMs: 861.2 }], plainStyle, 300)).toMatch(
    /: outage 830 ms \(median of 10, worst 861 ms\), 133 ms longer/,
  );
});

test.each([30, 60, 100])('fits in %i columns', (columns) => {
  for (const line of comparisonText([compared], plainStyle, columns).split('\n'))
    expect(line.length).toBeLessThanOrEqual(columns);
});
