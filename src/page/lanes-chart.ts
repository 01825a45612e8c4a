/** Rows above one time axis: who held the VIP, who answered, and the outage beside its bound. */

import type uPlot from 'uplot';
import type { Span } from '../model/report.ts';
import { drawnByHook, grid, plot, rowAxis, rowMiddle } from './chart-plot.ts';
import { inside, verticals } from './chart-marks.ts';
import { color, drawnFont, hatch, hostColor } from './chart-theme.ts';
import type { DrillScene } from './drill-scene.ts';
import { runsOf } from './request-runs.ts';

const row = { height: 26, bar: 14 };
const marksHeight = 20;

export const rowsOf = ({ hosts }: DrillScene): readonly string[] => [...hosts, 'answered', 'outage'];

/** `common`: what it shares with the chart below it. */
export function lanesChart(
  scene: DrillScene,
  colored: readonly string[],
  left: number,
  figure: HTMLElement,
  { padding, hooks, x, cursor }: CommonOptions,
): uPlot {
  const rows = rowsOf(scene);
  return plot(
    figure,
    {
      height: rows.length * row.height + marksHeight,
      padding: [marksHeight, ...padding],
      cursor,
      scales: { x, y: { range: [0, rows.length] } },
      series: [{}, drawnByHook],
      axes: [
        { size: 0, grid, ticks: { show: false }, values: (_chart, splits) => splits.map(() => '') },
        rowAxis(rows, left),
      ],
      hooks: { ...hooks, draw: [(chart) => drawLanes(chart, scene, colored)] },
    },
    [scene.x, scene.x.map(() => null)],
  );
}

export interface CommonOptions {
  /** Right, below and left of the chart. */
  readonly padding: readonly [number, number, number];
  readonly cursor: uPlot.Cursor;
  readonly x: uPlot.Scale;
  readonly hooks: uPlot.Hooks.Arrays;
}

function drawLanes(chart: uPlot, scene: DrillScene, colored: readonly string[]): void {
  inside(chart, marksHeight, () => {
    const lanes = lanesOf(chart, rowsOf(scene).length);
    drawHolders(lanes, scene, colored);
    drawAnswers(lanes, scene, colored);
    drawOutages(lanes, scene);
    verticals(chart, scene.marks, marksHeight);
  });
  drawMarkTexts(chart, scene);
}

interface Lanes {
  readonly pen: CanvasRenderingContext2D;
  /** The chart's place on the canvas. */
  readonly box: uPlot.BBox;
  readonly at: (ms: number) => number;
  readonly middle: (index: number) => number;
  /** `height` and the `least` width are CSS pixels. */
  readonly bar: (
    span: Span,
    index: number,
    fill: string | CanvasPattern,
    height: number,
    least?: number,
  ) => void;
}

function lanesOf(chart: uPlot, rows: number): Lanes {
  const pen = chart.ctx;
  const unit = devicePixelRatio;
  const at = (ms: number): number => chart.valToPos(ms, 'x', true);
  const middle = (index: number): number => chart.valToPos(rowMiddle(index, rows), 'y', true);
  return {
    pen,
    box: chart.bbox,
    at,
    middle,
    bar: (span, index, fill, height, least = 0) => {
      pen.fillStyle = fill;
      const start = at(span.fromMs);
      const width = Math.max(least * unit, at(span.toMs) - start);
      pen.fillRect(start, middle(index) - (height * unit) / 2, width, height * unit);
    },
  };
}

function drawHolders(
  { pen, box, middle, bar }: Lanes,
  { hosts, drill }: DrillScene,
  colored: readonly string[],
): void {
  const unit = devicePixelRatio;
  hosts.forEach((host, index) => {
    pen.fillStyle = color('track');
    pen.fillRect(box.left, middle(index) - unit, box.width, 2 * unit);
    for (const held of drill.timeline)
      if (held.host === host) bar(held, index, hostColor(colored, host), row.bar, 1);
  });
}

/** Lost requests last, so that no answer hides one. */
function drawAnswers(
  { pen, at, bar }: Lanes,
  { hosts, drill: { requests }, lost }: DrillScene,
  colored: readonly string[],
): void {
  const answered = hosts.length;
  const runs = runsOf(requests, lost);
  for (const run of runs)
    if (!run.isLost) bar(run, answered, hostColor(colored, requests.hosts[run.by]), 8, 1);
  for (const run of runs) {
    if (!run.isLost) continue;
    bar(run, answered, color('lost'), 20, 2);
    if (at(run.toMs) - at(run.fromMs) > 6 * devicePixelRatio)
      bar(run, answered, hatch(pen, color('paper')), 20);
  }
}

function drawOutages({ pen, at, middle, bar }: Lanes, { hosts, outages }: DrillScene): void {
  const unit = devicePixelRatio;
  const index = hosts.length + 1;
  for (const { span, boundMs, allowanceMs } of outages) {
    const bound = { fromMs: span.fromMs, toMs: span.fromMs + boundMs };
    const allowance = { fromMs: bound.toMs, toMs: bound.toMs + allowanceMs };
    bar(bound, index, color('bound'), 18);
    bar(allowance, index, hatch(pen, color('bound-2')), 18);
    bar(span, index, span.toMs > allowance.toMs ? color('lost') : color('ink'), 6, 2);
    pen.fillStyle = color('ink');
    pen.fillRect(at(bound.toMs) - unit, middle(index) - 9 * unit, 2 * unit, 18 * unit);
  }
}

/** Above the chart; one that would cover its neighbour is left out. */
function drawMarkTexts(chart: uPlot, { marks }: DrillScene): void {
  const pen = chart.ctx;
  const unit = devicePixelRatio;
  pen.save();
  pen.font = drawnFont(11.5, 600);
  pen.fillStyle = color('ink');
  pen.textBaseline = 'middle';
  pen.textAlign = 'left';
  const right = chart.bbox.left + chart.bbox.width;
  let free = Number.NEGATIVE_INFINITY;
  for (const { ms, text } of marks) {
    const at = chart.valToPos(ms, 'x', true);
    const width = pen.measureText(text).width;
    const from = Math.min(at + 5 * unit, right - width);
    if (at < chart.bbox.left - unit || at > right + unit || from < free) continue;
    pen.fillText(text, from, (marksHeight / 2) * unit);
    free = from + width + 6 * unit;
  }
  pen.restore();
}
