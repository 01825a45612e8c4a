/** What the repeats of a drill show together. Pure. */

import { median } from '../base/median.ts';
import { type DrillReport, type FigureSpread, type RepeatSummary, repeatedFigures } from '../model/report.ts';
import { tenths } from '../base/tenths.ts';

/** A summary of each drill that ran at least once; `count` is how often each was asked for. */
export function repeatsOf(drills: readonly DrillReport[], count: number): readonly RepeatSummary[] {
  const names = [...new Set(drills.map(({ drill }) => drill))];
  return names.flatMap((name): RepeatSummary[] => {
    const done = drills.filter(({ drill, timeline }) => drill === name && timeline.length > 0);
    if (done.length === 0) return [];
    const figures = repeatedFigures.flatMap((figure) => {
      const values = done.flatMap((drill) => drill[figure] ?? []);
      return values.length === 0 ? [] : [[figure, spreadOf(values)] as const];
    });
    return [
      {
        drill: name,
        count,
        runs: done.length,
        ok: done.filter(({ ok }) => ok).length,
        figures: Object.fromEntries(figures),
      },
    ];
  });
}

function spreadOf(values: readonly number[]): FigureSpread {
  const worst = Math.max(...values);
  return { median: tenths(median(values)), worst, spread: tenths(worst - Math.min(...values)) };
}
