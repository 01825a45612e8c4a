/** Whether a run of haup verify is worse than those before it. Pure; milliseconds. */

import { median } from '../base/median.ts';
import type { DrillComparison, DrillFigures, EarlierOutage, VerifyRun } from '../model/verify-history.ts';

/** Every drill of the run beside the same drill on the same VIP in earlier runs of the same cluster, oldest first. */
export function compareRuns(run: VerifyRun, earlier: readonly VerifyRun[]): readonly DrillComparison[] {
  const same = earlier.filter(({ cluster }) => cluster === run.cluster);
  return grouped(run.drills).map((drills) => compareDrill(drills, same));
}

/** Fewer earlier outages than this have no spread worth the name: then it is what a measurement may add to the bound. */
const enough = 5;

/** What two runs of a steady system may differ by: a few intervals of the sampling, and a late answer. */
const floorMs = 20;

/** 99.7 % of a normal distribution lie within 3 standard deviations, and one is 1.4826 median absolute deviations. */
const deviations = 3 * 1.4826;

function compareDrill(
  drills: readonly [DrillFigures, ...DrillFigures[]],
  earlier: readonly VerifyRun[],
): DrillComparison {
  const [{ vip, drill, boundMs, allowanceMs }] = drills;
  const outages = drills.map((one) => one.outageMs);
  const outageMs = median(outages);
  const seen = earlier.flatMap((run) => {
    const repeats = run.drills.filter((one) => one.vip === vip && one.drill === drill);
    const [first] = repeats;
    if (first === undefined) return [];
    const all = repeats.map((one) => one.outageMs);
    return [{ all, at: run.at, outageMs: median(all), boundMs: first.boundMs }];
  });
  // Other timers, another outage: that is no deviation.
  const alike = seen.filter((one) => one.boundMs === boundMs);
  const usualMs = alike.length === 0 ? null : median(alike.map((one) => one.outageMs));
  const spreadMs =
    usualMs === null
      ? null
      : spread(
          alike.flatMap(({ all }) => all),
          allowanceMs,
        );
  const [last, best] = [seen.at(-1), seen.toSorted((a, b) => a.outageMs - b.outageMs)[0]];
  return {
    vip,
    drill,
    runs: outages.length,
    outageMs,
    worstMs: Math.max(...outages),
    last: earlierOutage(last),
    best: earlierOutage(best),
    earlier: alike.length,
    usualMs,
    spreadMs: spreadMs === null ? null : Math.round(spreadMs * 10) / 10,
    worse: usualMs !== null && spreadMs !== null && outageMs > usualMs + spreadMs,
  };
}

/** Of every outage that earlier runs measured, their repeats one by one. */
function spread(outages: readonly number[], allowanceMs: number): number {
  const middle = median(outages);
  return Math.max(
    floorMs,
    outages.length < enough
      ? allowanceMs
      : deviations * median(outages.map((outageMs) => Math.abs(outageMs - middle))),
  );
}

const earlierOutage = (seen: EarlierOutage | undefined): EarlierOutage | null =>
  seen === undefined ? null : { at: seen.at, outageMs: seen.outageMs, boundMs: seen.boundMs };

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
