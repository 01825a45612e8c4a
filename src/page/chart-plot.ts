/** What the charts of the page have in common besides their data. */

import uPlot from 'uplot';
import { shortened } from './chart-labels.ts';
import { color, font } from './chart-theme.ts';

/** A chart in a figure, as wide as the figure is. */
export const plot = (
  figure: HTMLElement,
  options: Omit<uPlot.Options, 'width' | 'legend'>,
  data: uPlot.AlignedData,
): uPlot => new uPlot({ ...options, width: figure.clientWidth, legend: { show: false } }, data, figure);

/** Nothing is drawn along it: the chart's own hook draws. */
export const drawnByHook: uPlot.Series = { paths: () => null, points: { show: false } };

export const grid: uPlot.Axis.Grid = { stroke: () => color('grid'), width: 1 };

/** Where row `index` of `count` has its middle, from the top, on an axis from 0 to `count`. */
export const rowMiddle = (index: number, count: number): number => count - index - 0.5;

/** Names of rows, from the top, left of a chart. */
export const rowAxis = (rows: readonly string[], width: number): uPlot.Axis => ({
  size: width,
  gap: 10,
  font: font(12.5),
  stroke: () => color('ink'),
  grid: { show: false },
  ticks: { show: false },
  splits: () => rows.map((_name, index) => rowMiddle(index, rows.length)),
  values: () => rows.map((name) => shortened(name, width - 14)),
});

/** Measures below a chart. */
export const measureAxis = (size: number, values: (split: number) => string): uPlot.Axis => ({
  stroke: () => color('ink-2'),
  font: font(12),
  grid,
  ticks: { stroke: () => color('grid'), width: 1, size: 4 },
  size,
  space: 70,
  values: (_chart, splits) => splits.map(values),
});
