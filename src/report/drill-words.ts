/** What reports call a drill and its moments. */

import { precise } from './words.ts';
import type { DrillReport, VipVerification } from '../model/report.ts';

export interface DrillWords {
  readonly title: string;
  /** What to call the moments when it began and when it was undone. */
  readonly began: string;
  readonly ended: string;
}

export const wordsOf = ({ drill, from, title, began, ended }: DrillReport): DrillWords => ({
  title: title ?? `drill ${drill} on ${from}`,
  began: began ?? 'fault',
  ended: ended ?? 'restored',
});

/** What was done, and who took over. */
export function story(report: DrillReport): string {
  const { title } = wordsOf(report);
  return wasDone(report) ? `${title}, ${report.to ?? 'no host'} takes over` : `${title}: not done`;
}

/** A drill that was refused breaks nothing: it has reasons and no timeline. */
export const wasDone = (drill: DrillReport): boolean => drill.timeline.length > 0;

/** `run 3 of 10`; null: the drill ran once. */
export function runOf({ drills }: Pick<VipVerification, 'drills'>, drill: DrillReport): string | null {
  const same = drills.filter((other) => other.drill === drill.drill);
  return same.length < 2 ? null : `run ${same.indexOf(drill) + 1} of ${same.length}`;
}

/** `keep_137 has the VIP 221 ms after the fault, and first answers 3 ms later`. */
export function takeoverText({ to, detectionMs, takeoverMs }: DrillReport): string {
  if (typeof detectionMs !== 'number') return 'none seen';
  const taken = `${to ?? 'another host'} has the VIP ${precise(detectionMs)} after the fault`;
  return typeof takeoverMs === 'number'
    ? `${taken}, and first answers ${precise(takeoverMs)} later`
    : `${taken}, and does not answer`;
}
