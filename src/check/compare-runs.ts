/** Whether a run of haup verify is worse than those before it. Pure; milliseconds. */

import type { DrillComparison, DrillFigures, EarlierOutage, VerifyRun } from '../model/verify-history.ts';

/** Every drill of the run beside the same drill on the same VIP in earlier runs of the same cluster, oldest first. */
export function compareRuns(run: VerifyRun, earlier: readonly VerifyRun[]): readonly DrillComparison[] {
  const same = earlier.filter(({ cluster }) => cluster === run.cluster);
  return grouped(run.drills).map((drills) => compareDrill(drills, same));
}

/** Below this many earlier runs a spread says nothing, and what the bound's measurement may add stands for it. */
const enoughRuns = 5;

/** What two runs of a steady system may differ by: a few intervals of the sampling, and a late answer. */
const floorMs = 20;

/** 99.7 % of a normal distribution lie within 3 standard deviations, and one is 1.4826 median absolute deviations. */
const deviations = 3 * 1.4826;

function compareDrill(
  drills: readonly [DrillFigures, ...DrillFigures[]],
  earlier: readonly VerifyRun[],
): DrillComparison {
  const [{ vip, drill, boundMs, allowanceMs }] = drills;
  const outageMs = median(drills.map((one) => one.outageMs));
  const seen = earlier.flatMap((run): EarlierOutage[] => {
    const [first, ...more] = run.drills.filter((one) => one.vip === vip && one.drill === drill);
    if (first === undefined) return [];
    return [
      { at: run.at, outageMs: median([first, ...more].map((one) => one.outageMs)), boundMs: first.boundMs },
    ];
  });
  // Other timers, another outage: that is no deviation.
  const alike = seen.filter((one) => one.boundMs === boundMs).map((one) => one.outageMs);
  const usualMs = alike.length === 0 ? null : median(alike);
  const spreadMs =
    usualMs === null
      ? null
      : alike.length < enoughRuns
        ? Math.max(floorMs, allowanceMs)
        : Math.max(floorMs, deviations * median(alike.map((ms) => Math.abs(ms - usualMs))));
  return {
    vip,
    drill,
    outageMs,
    last: seen.at(-1) ?? null,
    best: seen.toSorted((a, b) => a.outageMs - b.outageMs)[0] ?? null,
    earlier: alike.length,
    usualMs,
    spreadMs: spreadMs === null ? null : Math.round(spreadMs * 10) / 10,
    worse: usualMs !== null && spreadMs !== null && outageMs > usualMs + spreadMs,
  };
}

function grouped(drills: readonly DrillFigures[]): readonly [DrillFigures, ...DrillFigures[]][] {
  const groups = new Map<string, [DrillFigures, ...DrillFigures[]]>();
  for (const drill of drills) {
    const key = `${drill.vip} ${drill.drill}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [drill]);
    else group.push(drill);
  }
  return [...groups.values()];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
