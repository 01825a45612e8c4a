/** One drill on one time axis: who held the VIP, who answered, the outage beside its bound, and every answer time. */

import uPlot from 'uplot';
import type { DrillReport, RequestLog, Span } from '../model/report.ts';
import { wordsOf } from '../report/drill-words.ts';
import { halves, outageSpan } from '../report/outage-span.ts';
import { decadesOf, labelWidth, seconds, shortened } from './chart-labels.ts';
import { chartSlider } from './chart-slider.ts';
import { color, drawnFont, font, hatch, hostColor, onAppearance } from './chart-theme.ts';
import { nearest, runsOf, textAt } from './request-runs.ts';

export interface DrillParts {
  readonly figure: HTMLElement;
  readonly readout: HTMLElement;
  /** Each shows a part of the time axis: `all`, `there`, `back`. */
  readonly views: readonly HTMLButtonElement[];
  /** Each leads to its `data-ms`. */
  readonly moments: readonly HTMLButtonElement[];
}

// uPlot's enum is one of its types only.
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const logarithmic = 3 as uPlot.Scale.Distr.Logarithmic;
const row = { height: 26, bar: 14 };
const marksHeight = 20;
const timesHeight = 150;

export function drillChart(
  drill: DrillReport & { readonly requests: RequestLog },
  label: string,
  colored: readonly string[],
  { figure, readout, views, moments }: DrillParts,
): void {
  const { requests, timeline, restoredMs } = drill;
  const hosts = [
    ...new Set([drill.from, ...(drill.to === null ? [] : [drill.to]), ...timeline.map(({ host }) => host)]),
  ];
  const rows = [...hosts, 'answered', 'outage'];
  const x = [...requests.sentMs];
  const lost = new Set(requests.lost);
  const words = wordsOf(drill);
  const marks = [
    { ms: 0, text: words.began },
    ...(restoredMs === null ? [] : [{ ms: restoredMs, text: words.ended }]),
  ];
  const outages = measured(drill);
  const left = labelWidth(rows, figure.clientWidth);
  const sync = `drill-${figure.id}`;

  const cursor: uPlot.Cursor = {
    sync: { key: sync, setSeries: false },
    y: false,
    points: { show: false },
    drag: { x: true, y: false },
    move: (chart, at, top) => {
      const ms = x[chart.posToIdx(at)];
      return ms === undefined || at < 0 ? [at, top] : [chart.valToPos(ms, 'x'), top];
    },
  };
  const xScale: uPlot.Scale = { time: false, range: (_chart, min, max) => [min, max] };
  const grid: uPlot.Axis.Grid = { stroke: () => color('grid'), width: 1 };
  const edge = 14;

  const lanes = new uPlot(
    {
      width: figure.clientWidth,
      height: rows.length * row.height + marksHeight,
      padding: [marksHeight, edge, 0, 0],
      legend: { show: false },
      cursor,
      scales: { x: xScale, y: { range: [0, rows.length] } },
      series: [{}, { paths: () => null, points: { show: false } }],
      axes: [
        { size: 0, grid, ticks: { show: false }, values: (_chart, splits) => splits.map(() => '') },
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
      hooks: { draw: [drawLanes], setCursor: [(chart) => slider.hover(chart.cursor.idx ?? null)] },
    },
    [x, x.map(() => null)],
    figure,
  );
  const decades = decadesOf(requests.tookMs);
  const times = new uPlot(
    {
      width: figure.clientWidth,
      height: timesHeight,
      padding: [14, edge, 0, 0],
      legend: { show: false },
      cursor,
      scales: {
        x: xScale,
        y: { distr: logarithmic, range: [decades[0] ?? 0.1, decades.at(-1) ?? 1000] },
      },
      series: [{}, { stroke: () => color('ink-2'), width: 1, points: { show: false }, spanGaps: false }],
      axes: [
        {
          stroke: () => color('ink-2'),
          font: font(12),
          grid,
          ticks: { stroke: () => color('grid'), width: 1, size: 4 },
          size: 34,
          space: 70,
          values: (_chart, splits) => splits.map(seconds),
        },
        {
          size: left,
          gap: 10,
          stroke: () => color('ink-2'),
          font: font(12),
          grid,
          ticks: { show: false },
          splits: () => decades,
          filter: (_chart, splits) => splits,
          values: (_chart, splits) => splits.map((ms) => `${ms} ms`),
        },
      ],
      hooks: { draw: [drawTimes], setCursor: [(chart) => slider.hover(chart.cursor.idx ?? null)] },
    },
    // A logarithm has no zero.
    [x, requests.tookMs.map((ms) => (ms === null ? null : Math.max(ms, decades[0] ?? 0.1)))],
    figure,
  );
  const charts = [lanes, times];

  const slider = chartSlider(figure, readout, {
    label,
    count: x.length,
    text: (step) => textAt(drill, step, lost),
    show: (step) => {
      for (const chart of charts) {
        if (step === null) chart.setCursor({ left: -10, top: -10 }, false);
        else chart.setCursor({ left: chart.valToPos(x[step] ?? 0, 'x'), top: 4 }, false);
      }
    },
    hint: 'Point at the chart, or focus it and press ← and →, for exact times. Drag to zoom.',
  });
  for (const moment of moments) {
    const show = (): void => slider.go(nearest(x, Number(moment.dataset['ms'])));
    moment.addEventListener('click', show);
    moment.addEventListener('focus', show);
  }
  for (const view of views) {
    view.addEventListener('click', () => {
      for (const chart of charts) chart.setScale('x', viewOf(view.dataset['view'] ?? 'all'));
      for (const other of views) other.setAttribute('aria-pressed', String(other === view));
    });
  }
  onAppearance(
    figure,
    () => {
      for (const chart of charts) chart.redraw(false, true);
    },
    (width) => {
      lanes.setSize({ width, height: lanes.height });
      times.setSize({ width, height: timesHeight });
    },
  );

  function viewOf(view: string): { readonly min: number; readonly max: number } {
    const all = { min: x[0] ?? 0, max: x.at(-1) ?? 1 };
    const zoom = (around: number, lengthMs: number) => ({
      min: Math.max(all.min, around - 0.25 * lengthMs),
      max: Math.min(all.max, around + 1.25 * lengthMs),
    });
    const moved = (fromMs: number, toMs: number): number =>
      Math.max(
        200,
        ...timeline
          .filter((held) => held.fromMs >= fromMs && held.fromMs < toMs)
          .map((held) => held.fromMs - fromMs),
      );
    const end = restoredMs ?? all.max;
    if (view === 'there') return zoom(0, Math.max(moved(0, end), drill.boundMs + drill.allowanceMs));
    if (view === 'back' && restoredMs !== null) return zoom(restoredMs, moved(restoredMs, all.max));
    return all;
  }

  function drawLanes(chart: uPlot): void {
    const pen = chart.ctx;
    const unit = devicePixelRatio;
    const at = (ms: number): number => chart.valToPos(ms, 'x', true);
    const middle = (index: number): number => chart.valToPos(rows.length - index - 0.5, 'y', true);
    inside(chart, marksHeight * unit, () => {
      const bar = (
        span: Span,
        index: number,
        fill: string | CanvasPattern,
        height = row.bar,
        least = 0,
      ): void => {
        pen.fillStyle = fill;
        const start = at(span.fromMs);
        const width = Math.max(least * unit, at(span.toMs) - start);
        pen.fillRect(start, middle(index) - (height * unit) / 2, width, height * unit);
      };
      hosts.forEach((host, index) => {
        pen.fillStyle = color('track');
        pen.fillRect(chart.bbox.left, middle(index) - unit, chart.bbox.width, 2 * unit);
        for (const held of timeline)
          if (held.host === host) bar(held, index, hostColor(colored, host), row.bar, 1);
      });
      const answered = hosts.length;
      for (const run of runsOf(requests, lost)) {
        if (run.isLost) continue;
        bar(run, answered, hostColor(colored, requests.hosts[run.by]), 8, 1);
      }
      for (const run of runsOf(requests, lost)) {
        if (!run.isLost) continue;
        bar(run, answered, color('lost'), 20, 2);
        if (at(run.toMs) - at(run.fromMs) > 6 * unit) bar(run, answered, hatch(pen, color('paper')), 20);
      }
      for (const { span, boundMs, allowanceMs } of outages) {
        const bound = { fromMs: span.fromMs, toMs: span.fromMs + boundMs };
        bar(bound, answered + 1, color('bound'), 18);
        bar(
          { fromMs: bound.toMs, toMs: bound.toMs + allowanceMs },
          answered + 1,
          hatch(pen, color('bound-2')),
          18,
        );
        bar(span, answered + 1, span.toMs > bound.toMs + allowanceMs ? color('lost') : color('ink'), 6, 2);
        pen.fillStyle = color('ink');
        pen.fillRect(at(bound.toMs) - unit, middle(answered + 1) - 9 * unit, 2 * unit, 18 * unit);
      }
      verticals(chart, marks, marksHeight);
    });
    pen.save();
    pen.font = drawnFont(11.5, 600);
    pen.fillStyle = color('ink');
    pen.textBaseline = 'middle';
    const right = chart.bbox.left + chart.bbox.width;
    let free = Number.NEGATIVE_INFINITY;
    for (const { ms, text } of marks) {
      const start = at(ms) + 5 * unit;
      const width = pen.measureText(text).width;
      const from = Math.min(start, right - width);
      if (at(ms) < chart.bbox.left - unit || at(ms) > right + unit || from < free) continue;
      pen.textAlign = 'left';
      pen.fillText(text, from, (marksHeight / 2) * unit);
      free = from + width + 6 * unit;
    }
    pen.restore();
  }

  function drawTimes(chart: uPlot): void {
    const pen = chart.ctx;
    const unit = devicePixelRatio;
    inside(chart, 0, () => {
      verticals(chart, marks, 14);
      pen.strokeStyle = color('lost');
      pen.lineWidth = 1.5 * unit;
      const top = chart.bbox.top + 7 * unit;
      let free = Number.NEGATIVE_INFINITY;
      for (const index of requests.lost) {
        const px = chart.valToPos(x[index] ?? 0, 'x', true);
        // Crosses that touch would be a smear: the strip above shows every one.
        if (px < free) continue;
        free = px + 7 * unit;
        pen.beginPath();
        for (const way of [-1, 1]) {
          pen.moveTo(px - 3 * unit, top - way * 3 * unit);
          pen.lineTo(px + 3 * unit, top + way * 3 * unit);
        }
        pen.stroke();
      }
    });
  }
}

/** The outage of the way there, and of the way back where it is known what it may be. */
function measured(drill: DrillReport & { readonly requests: RequestLog }) {
  const { there, back } = halves(drill);
  const { failback } = drill;
  return [
    { within: there, ...drill },
    ...(failback === null ? [] : [{ within: back, boundMs: 0, allowanceMs: 0, ...failback }]),
  ].flatMap(({ within, outageMs, boundMs, allowanceMs }) => {
    const span = outageSpan(drill.requests, within, outageMs);
    return span === null ? [] : [{ span, boundMs, allowanceMs }];
  });
}

function inside(chart: uPlot, above: number, draw: () => void): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - above, bbox.width, bbox.height + above);
  ctx.clip();
  draw();
  ctx.restore();
}

function verticals(chart: uPlot, marks: readonly { readonly ms: number }[], above: number): void {
  const { ctx, bbox } = chart;
  ctx.strokeStyle = color('ink');
  ctx.lineWidth = devicePixelRatio;
  for (const { ms } of marks) {
    const px = Math.round(chart.valToPos(ms, 'x', true));
    ctx.beginPath();
    ctx.moveTo(px, bbox.top - above * devicePixelRatio);
    ctx.lineTo(px, bbox.top + bbox.height);
    ctx.stroke();
  }
}
