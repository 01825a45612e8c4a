/** Moments across a chart. Heights are CSS pixels. */

import type uPlot from 'uplot';
import { color } from './chart-theme.ts';

/** Draws within the chart and what is `above` it, and nowhere else. */
export function inside(chart: uPlot, above: number, draw: () => void): void {
  const { ctx, bbox } = chart;
  const height = above * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - height, bbox.width, bbox.height + height);
  ctx.clip();
  draw();
  ctx.restore();
}

export function verticals(chart: uPlot, marks: readonly { readonly ms: number }[], above: number): void {
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
