/** How long each request took, and which were lost. */

import type uPlot from 'uplot';
import { grid, measureAxis, plot } from './chart-plot.ts';
import { decadesOf, seconds } from './chart-labels.ts';
import { inside, verticals } from './chart-marks.ts';
import { color, font } from './chart-theme.ts';
import type { DrillScene } from './drill-scene.ts';
import type { CommonOptions } from './lanes-chart.ts';

// uPlot's enum is one of its types only.
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const logarithmic = 3 as uPlot.Scale.Distr.Logarithmic;
const above = 14;

export function answerTimesChart(
  scene: DrillScene,
  left: number,
  figure: HTMLElement,
  { padding, hooks, x, cursor }: CommonOptions,
): uPlot {
  const { tookMs } = scene.drill.requests;
  const decades = decadesOf(tookMs);
  const least = decades[0] ?? 0.1;
  return plot(
    figure,
    {
      height: 150,
      padding: [above, ...padding],
      cursor,
      scales: { x, y: { distr: logarithmic, range: [least, decades.at(-1) ?? 1000] } },
      series: [{}, { stroke: () => color('ink-2'), width: 1, points: { show: false }, spanGaps: false }],
      axes: [
        measureAxis(34, seconds),
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
      hooks: { ...hooks, draw: [(chart) => drawLost(chart, scene)] },
    },
    // A logarithm has no zero.
    [scene.x, tookMs.map((ms) => (ms === null ? null : Math.max(ms, least)))],
  );
}

/** A cross for each lost request, at the top. */
function drawLost(chart: uPlot, { x, drill, marks }: DrillScene): void {
  const pen = chart.ctx;
  const unit = devicePixelRatio;
  inside(chart, 0, () => {
    verticals(chart, marks, above);
    pen.strokeStyle = color('lost');
    pen.lineWidth = 1.5 * unit;
    const top = chart.bbox.top + 7 * unit;
    let free = Number.NEGATIVE_INFINITY;
    for (const index of drill.requests.lost) {
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
