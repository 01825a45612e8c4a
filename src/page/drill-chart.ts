/** One drill on one time axis: who held the VIP, who answered, the outage beside its bound, and every answer time. */

import type uPlot from 'uplot';
import { answerTimesChart } from './answer-times-chart.ts';
import { labelWidth } from './chart-labels.ts';
import { type ChartSlider, chartSlider } from './chart-slider.ts';
import { onAppearance } from './chart-theme.ts';
import { type DrillScene, drillScene, type LoggedDrill, viewOf } from './drill-scene.ts';
import { type CommonOptions, lanesChart, rowsOf } from './lanes-chart.ts';
import { nearest, textAt } from './request-runs.ts';

export interface DrillParts {
  readonly figure: HTMLElement;
  readonly readout: HTMLElement;
  /** Each shows a part of the time axis: `all`, `there`, `back`. */
  readonly views: readonly HTMLButtonElement[];
  /** Each leads to its `data-ms`. */
  readonly moments: readonly HTMLButtonElement[];
}

export function drillChart(
  drill: LoggedDrill,
  label: string,
  colored: readonly string[],
  { figure, readout, views, moments }: DrillParts,
): void {
  const scene = drillScene(drill);
  const left = labelWidth(rowsOf(scene), figure.clientWidth);
  const common = commonOptions(scene, figure.id, (index) => slider.hover(index));
  const charts = [
    lanesChart(scene, colored, left, figure, common),
    answerTimesChart(scene, left, figure, common),
  ];
  const slider = chartSlider(figure, readout, {
    label,
    count: scene.x.length,
    text: (step) => textAt(drill, step, scene.lost),
    show: (step) => {
      for (const chart of charts) {
        if (step === null) chart.setCursor({ left: -10, top: -10 }, false);
        else chart.setCursor({ left: chart.valToPos(scene.x[step] ?? 0, 'x'), top: 4 }, false);
      }
    },
    hint: 'Point at the chart, or focus it and press ← and →, for exact times. Drag to zoom.',
  });
  followMoments(moments, scene, slider);
  followViews(views, scene, charts);
  onAppearance(
    figure,
    () => {
      for (const chart of charts) chart.redraw(false, true);
    },
    (width) => {
      for (const chart of charts) chart.setSize({ width, height: chart.height });
    },
  );
}

/** One cursor over both charts, which goes from request to request. */
function commonOptions({ x }: DrillScene, id: string, hover: (index: number | null) => void): CommonOptions {
  return {
    padding: [14, 0, 0],
    x: { time: false, range: (_chart, min, max) => [min, max] },
    cursor: {
      sync: { key: `drill-${id}`, setSeries: false },
      y: false,
      points: { show: false },
      drag: { x: true, y: false },
      move: (chart, at, top) => {
        const ms = x[chart.posToIdx(at)];
        return ms === undefined || at < 0 ? [at, top] : [chart.valToPos(ms, 'x'), top];
      },
    },
    hooks: { setCursor: [(chart) => hover(chart.cursor.idx ?? null)] },
  };
}

function followMoments(moments: readonly HTMLButtonElement[], { x }: DrillScene, slider: ChartSlider): void {
  for (const moment of moments) {
    const show = (): void => slider.go(nearest(x, Number(moment.dataset['ms'])));
    moment.addEventListener('click', show);
    moment.addEventListener('focus', show);
  }
}

function followViews(views: readonly HTMLButtonElement[], scene: DrillScene, charts: readonly uPlot[]): void {
  for (const view of views) {
    view.addEventListener('click', () => {
      for (const chart of charts) chart.setScale('x', viewOf(scene, view.dataset['view'] ?? 'all'));
      for (const other of views) other.setAttribute('aria-pressed', String(other === view));
    });
  }
}
