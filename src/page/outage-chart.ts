/** Every outage beside its bound: a row for each VIP and drill, a dot for each run. */

import uPlot from 'uplot';
import type { DrillReport, VerifyReport } from '../model/report.ts';
import { chartSlider } from './chart-slider.ts';
import { color, exact, font, hatch, onAppearance } from './chart-theme.ts';
import { labelWidth, shortened } from './chart-labels.ts';

interface Dot {
  readonly row: number;
  readonly drill: DrillReport;
}

const row = { height: 30, bar: 16 };
const axisHeight = 48;

/** False: there was nothing to draw. */
export function outageChart(report: VerifyReport, figure: HTMLElement, readout: HTMLElement): boolean {
  const rows: string[] = [];
  const dots: Dot[] = report.vips.flatMap(({ address, drills }) =>
    drills
      .filter(({ timeline }) => timeline.length > 0)
      .map((drill) => {
        const label = `${address} ${drill.drill}`;
        if (!rows.includes(label)) rows.push(label);
        return { row: rows.indexOf(label), drill };
      }),
  );
  if (dots.length === 0) return false;
  const limit = ({ boundMs, allowanceMs }: DrillReport): number => boundMs + allowanceMs;
  const most = Math.max(...dots.map(({ drill }) => Math.max(drill.outageMs, limit(drill))));
  const left = labelWidth(rows, figure.clientWidth);
  let chosen: number | null = null;

  const chart = new uPlot(
    {
      width: figure.clientWidth,
      height: rows.length * row.height + axisHeight,
      padding: [4, 18, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: [0, most * 1.06] }, y: { range: [0, rows.length] } },
      series: [{}, { paths: () => null, points: { show: false } }],
      axes: [
        {
          stroke: () => color('ink-2'),
          font: font(12),
          size: axisHeight - 6,
          grid: { stroke: () => color('grid'), width: 1 },
          ticks: { stroke: () => color('grid'), width: 1, size: 4 },
          values: (_chart, splits) => splits.map((ms) => (ms === 0 ? '0' : `${ms} ms`)),
          space: 70,
        },
        {
          size: left,
          gap: 10,
          font: font(12.5),
          stroke: () => color('ink'),
          grid: { show: false },
          ticks: { show: false },
          splits: () => rows.map((_name, index) => rows.length - index - 0.5),
          values: () => rows.map((name) => shortened(name, left - 14)),
        },
      ],
      hooks: { draw: [draw] },
    },
    [dots.map((_dot, index) => index), dots.map(() => null)],
    figure,
  );

  const slider = chartSlider(figure, readout, {
    label: 'Outage of each drill against its bound',
    count: dots.length,
    text: (step) => textOf(step),
    show: (step) => {
      chosen = step;
      chart.redraw(false, false);
    },
    hint: 'Point at a dot, or focus the chart and press ← and →, for exact figures.',
  });
  chart.over.addEventListener('mousemove', ({ offsetX, offsetY }) => {
    const near = dots
      .map((dot, index) => ({ index, distance: Math.hypot(xOf(dot) - offsetX, yOf(dot) - offsetY) }))
      .toSorted((a, b) => a.distance - b.distance)[0];
    point(near !== undefined && near.distance < 40 ? near.index : null);
  });
  chart.over.addEventListener('mouseleave', () => point(null));
  onAppearance(
    figure,
    () => chart.redraw(false, true),
    (width) => chart.setSize({ width, height: chart.height }),
  );
  return true;

  function point(step: number | null): void {
    if (step === chosen) return;
    chosen = step;
    chart.redraw(false, false);
    slider.hover(step);
  }

  function xOf({ drill }: Dot): number {
    return chart.valToPos(drill.outageMs, 'x');
  }

  function yOf(dot: Dot): number {
    return chart.valToPos(rows.length - dot.row - 0.5, 'y');
  }

  function textOf(step: number): string {
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

  function draw(self: uPlot): void {
    const pen = self.ctx;
    const unit = devicePixelRatio;
    const at = (ms: number): number => self.valToPos(ms, 'x', true);
    const middle = (index: number): number => self.valToPos(rows.length - index - 0.5, 'y', true);
    pen.save();
    rows.forEach((_name, index) => {
      const worst = dots.filter((dot) => dot.row === index).map(({ drill }) => drill);
      const bound = Math.max(...worst.map(({ boundMs }) => boundMs));
      const end = Math.max(...worst.map(limit));
      const top = middle(index) - (row.bar * unit) / 2;
      pen.fillStyle = color('bound');
      pen.fillRect(at(0), top, at(bound) - at(0), row.bar * unit);
      pen.fillStyle = hatch(pen, color('bound-2'));
      pen.fillRect(at(bound), top, at(end) - at(bound), row.bar * unit);
      pen.fillStyle = color('ink');
      pen.fillRect(at(bound) - unit, top - 2 * unit, 2 * unit, (row.bar + 4) * unit);
    });
    dots.forEach((dot, index) => {
      const [px, py] = [at(dot.drill.outageMs), middle(dot.row)];
      pen.beginPath();
      if (dot.drill.ok) pen.arc(px, py, 5 * unit, 0, 2 * Math.PI);
      else {
        pen.moveTo(px, py - 7 * unit);
        pen.lineTo(px + 7 * unit, py);
        pen.lineTo(px, py + 7 * unit);
        pen.lineTo(px - 7 * unit, py);
        pen.closePath();
      }
      pen.fillStyle = dot.drill.ok ? color('accent') : color('lost');
      pen.fill();
      pen.strokeStyle = color('paper');
      pen.lineWidth = 1.5 * unit;
      pen.stroke();
      if (index !== chosen) return;
      pen.beginPath();
      pen.arc(px, py, 10 * unit, 0, 2 * Math.PI);
      pen.strokeStyle = color('ink');
      pen.lineWidth = 2 * unit;
      pen.stroke();
    });
    pen.restore();
  }
}
