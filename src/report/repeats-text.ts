/** What the runs of each drill show together, as the terminal, the page and JUnit's file say it. */

import type { FigureSpread, RepeatSummary, repeatedFigures } from '../model/report.ts';
import { table } from './columns.ts';
import type { Style } from './style.ts';
import { count, precise } from './words.ts';

type Figure = (typeof repeatedFigures)[number];

const figureNames: Readonly<Record<Figure, string>> = {
  outageMs: 'outage',
  lost: 'lost',
  retried: 'retried',
  detectionMs: 'detection',
  takeoverMs: 'takeover',
};

/** `10 runs, each within its bound`, `9 of 10 runs, 1 failed`. */
export function runsText({ count: wanted, runs, ok }: RepeatSummary): string {
  const which = runs < wanted ? `${runs} of ${count(wanted, 'run')}` : count(runs, 'run');
  return ok === runs
    ? `${which}, ${runs === 1 ? 'within' : 'each within'} its bound`
    : `${which}, ${runs - ok} failed`;
}

export interface FigureRow {
  readonly name: string;
  readonly median: string;
  readonly worst: string;
  readonly spread: string;
}

export function figureRows({ figures }: RepeatSummary): readonly FigureRow[] {
  return (Object.entries(figures) as [Figure, FigureSpread][]).map(([figure, { median, worst, spread }]) => {
    const text = (value: number): string => (figure.endsWith('Ms') ? precise(value) : String(value));
    return { name: figureNames[figure], median: text(median), worst: text(worst), spread: text(spread) };
  });
}

export function repeatLines(
  address: string,
  summary: RepeatSummary,
  style: Style,
  width: number,
): readonly string[] {
  const rows = figureRows(summary).map(({ name, median, worst, spread }) => [
    `  ${name}`,
    median,
    worst,
    spread,
  ]);
  return [
    style.bold(`${address} ${summary.drill}: ${runsText(summary)}`),
    ...table(['', 'median', 'worst', 'spread'], rows, width, style.dim),
  ];
}
