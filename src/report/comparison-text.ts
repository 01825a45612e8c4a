/** `haup verify --compare`: each drill beside earlier runs. */

import type { DrillComparison, EarlierOutage } from '../model/verify-history.ts';
import { printableData } from '../base/printable.ts';
import { hanging } from './columns.ts';
import type { Style } from './style.ts';
import { count, precise } from './words.ts';

/** No newline at the end. */
export function comparisonText(given: readonly DrillComparison[], style: Style, columns: number): string {
  const width = Math.max(30, Math.min(columns, 100));
  const lines = printableData(given).flatMap((one) => {
    const mark = one.worse ? style.red('✗') : one.last === null ? style.dim('·') : style.green('✓');
    return hanging(`  ${mark} `, `${one.vip} ${one.drill}: ${sentence(one)}`, width);
  });
  return [style.bold('Compared with earlier runs'), ...lines].join('\n');
}

function sentence(one: DrillComparison): string {
  const { outageMs, worstMs, runs, last, best } = one;
  const outage = `outage ${precise(outageMs)}${runs === 1 ? '' : ` (median of ${runs}, worst ${precise(worstMs)})`}`;
  if (last === null || best === null) return `${outage}, the first run on record`;
  const changes = [
    outage,
    `${change(outageMs, last)} last time (${time(last)})`,
    `${change(outageMs, best)} the best (${time(best)})`,
  ].join(', ');
  return `${changes}. ${judgement(one)}`;
}

function judgement({ worse, earlier, usualMs, spreadMs }: DrillComparison): string {
  if (usualMs === null || spreadMs === null) return 'Its bound is new, so there is nothing to judge it by.';
  const usual = `usually ${precise(usualMs)} ± ${precise(spreadMs)} over ${count(earlier, 'run')}`;
  return worse ? `Worse than the spread explains: ${usual}.` : `Within the spread: ${usual}.`;
}

function change(outageMs: number, { outageMs: then }: EarlierOutage): string {
  const by = Math.round(outageMs - then);
  if (by === 0) return 'the same as';
  return by > 0 ? `${precise(by)} longer than` : `${precise(-by)} shorter than`;
}

const time = ({ at }: EarlierOutage): string => at.slice(0, 16).replace('T', ' ');
