/** Every outage beside its bound: a row for each VIP and drill, a dot for each run. */

import type uPlot from 'uplot';
import type { DrillReport, VerifyReport } from '../model/report.ts';
import { drawnByHook, measureAxis, plot, rowAxis, rowMiddle } from './chart-plot.ts';
import { labelWidth } from './chart-labels.ts';
import { chartSlider } from './chart-slider.ts';
import { color, exact, hatch, onAppearance } from './chart-theme.ts';

const row = { height: 30, bar: 16 };
const axisHeight = 48;

/** False: there was nothing to draw. */
export function outageChart(report: VerifyReport, figure: HTMLElement, readout: HTMLElement): boolean {
  const scene = sceneOf(report);
  const { dots } = scene;
  if (dots.length === 0) return false;
  let chosen: number | null = null;
  const chart = outagePlot(scene, figure, (drawn) => draw(drawn, scene, chosen));
  const choose = (step: number | null): void => {
    chosen = step;
    chart.redraw(false, false);
  };
  const slider = chartSlider(figure, readout, {
    label: 'Outage of each drill against its bound',
    count: dots.length,
    text: (step) => textOf(scene, step),
    show: choose,
    hint: 'Point at a dot, or focus the chart and press ← and →, for exact figures.',
  });
  const point = (step: number | null): void => {
    if (step === chosen) return;
    choose(step);
    slider.hover(step);
  };
  chart.over.addEventListener('mousemove', ({ offsetX, offsetY }) =>
    point(nearestDot(chart, scene, offsetX, offsetY)),
  );
  chart.over.addEventListener('mouseleave', () => point(null));
  onAppearance(
    figure,
    () => chart.redraw(false, true),
    (width) => chart.setSize({ width, height: chart.height }),
  );
  return true;
}

interface Dot {
  readonly row: number;
  readonly drill: DrillReport;
}

interface OutageScene {
  readonly rows: readonly string[];
  readonly dots: readonly Dot[];
}

function sceneOf({ vips }: VerifyReport): OutageScene {
  const rows: string[] = [];
  const dots = vips.flatMap(({ address, drills }) =>
    drills
      .filter(({ timeline }) => timeline.length > 0)
      .map((drill) => {
        const label = `${address} ${drill.drill}`;
        if (!rows.includes(label)) rows.push(label);
        return { row: rows.indexOf(label), drill };
      }),
  );
  return { rows, dots };
}

const limitOf = ({ boundMs, allowanceMs }: DrillReport): number => boundMs + allowanceMs;

function outagePlot(
  { rows, dots }: OutageScene,
  figure: HTMLElement,
  drawAll: (chart: uPlot) => void,
): uPlot {
  const most = Math.max(...dots.map(({ drill }) => Math.max(drill.outageMs, limitOf(drill))));
  return plot(
    figure,
    {
      height: rows.length * row.height + axisHeight,
      padding: [4, 18, 0, 0],
      cursor: { show: false },
      scales: { x: { time: false, range: [0, most * 1.06] }, y: { range: [0, rows.length] } },
      series: [{}, drawnByHook],
      axes: [
        measureAxis(axisHeight - 6, (ms) => (ms === 0 ? '0' : `${ms} ms`)),
        rowAxis(rows, labelWidth(rows, figure.clientWidth)),
      ],
      hooks: { draw: [drawAll] },
    },
    [dots.map((_dot, index) => index), dots.map(() => null)],
  );
}

/** CSS pixels from the top left; null: no dot is near. */
function nearestDot(chart: uPlot, { rows, dots }: OutageScene, x: number, y: number): number | null {
  const near = dots
    .map((dot, index) => {
      const dotX = chart.valToPos(dot.drill.outageMs, 'x');
      const dotY = chart.valToPos(rowMiddle(dot.row, rows.length), 'y');
      return { index, distance: Math.hypot(dotX - x, dotY - y) };
    })
    .toSorted((a, b) => a.distance - b.distance)[0];
  return near !== undefined && near.distance < 40 ? near.index : null;
}

function textOf({ rows, dots }: OutageScene, step: number): string {
  const dot = dots[step];
  if (dot === undefined) return '';
  const { drill } = dot;
  return [
    rows[dot.row],
    `outage ${exact(drill.outageMs)}`,
    `bound ${exact(drill.boundMs)} + allowance ${exact(drill.allowanceMs)}`,
    drill.ok ? 'within its bound' : 'failed',
  ].join('  ·  ');
}

function draw(chart: uPlot, { rows, dots }: OutageScene, chosen: number | null): void {
  const pen = chart.ctx;
  const at = (ms: number): number => chart.valToPos(ms, 'x', true);
  const middle = (index: number): number => chart.valToPos(rowMiddle(index, rows.length), 'y', true);
  pen.save();
  rows.forEach((_name, index) => {
    const drills = dots.filter((dot) => dot.row === index).map(({ drill }) => drill);
    const bound = Math.max(...drills.map(({ boundMs }) => boundMs));
    drawBound(pen, middle(index), at(0), at(bound), at(Math.max(...drills.map(limitOf))));
  });
  dots.forEach(({ row: index, drill }, step) =>
    drawDot(pen, at(drill.outageMs), middle(index), drill.ok, step === chosen),
  );
  pen.restore();
}

/** From `start` to the bound, and hatched to the end of the allowance. */
function drawBound(
  pen: CanvasRenderingContext2D,
  middle: number,
  start: number,
  bound: number,
  end: number,
): void {
  const unit = devicePixelRatio;
  const top = middle - (row.bar * unit) / 2;
  pen.fillStyle = color('bound');
  pen.fillRect(start, top, bound - start, row.bar * unit);
  pen.fillStyle = hatch(pen, color('bound-2'));
  pen.fillRect(bound, top, end - bound, row.bar * unit);
  pen.fillStyle = color('ink');
  pen.fillRect(bound - unit, top - 2 * unit, 2 * unit, (row.bar + 4) * unit);
}

/** A circle, or a diamond for a drill that failed; a ring around the chosen one. */
function drawDot(pen: CanvasRenderingContext2D, x: number, y: number, ok: boolean, isChosen: boolean): void {
  const unit = devicePixelRatio;
  pen.beginPath();
  if (ok) pen.arc(x, y, 5 * unit, 0, 2 * Math.PI);
  else {
    pen.moveTo(x, y - 7 * unit);
    pen.lineTo(x + 7 * unit, y);
    pen.lineTo(x, y + 7 * unit);
    pen.lineTo(x - 7 * unit, y);
    pen.closePath();
  }
  pen.fillStyle = ok ? color('accent') : color('lost');
  pen.fill();
  pen.strokeStyle = color('paper');
  pen.lineWidth = 1.5 * unit;
  pen.stroke();
  if (!isChosen) return;
  pen.beginPath();
  pen.arc(x, y, 10 * unit, 0, 2 * Math.PI);
  pen.strokeStyle = color('ink');
  pen.lineWidth = 2 * unit;
  pen.stroke();
}
