/** Runs in the report: draws its charts from the data that the page carries. Bundled by scripts/report-page.mjs. */

import type { DrillReport, VerifyReport } from '../model/report.ts';
import { drillChart } from './drill-chart.ts';
import type { LoggedDrill } from './drill-scene.ts';
import { outageChart } from './outage-chart.ts';

const { report, hosts } = JSON.parse(element('#data').textContent ?? '') as {
  readonly report: VerifyReport;
  readonly hosts: readonly string[];
};

outageChart(report, element('#outages .plot'), element('#outages .readout'));
const drills = report.vips.flatMap(({ address, drills: list }) => list.map((drill) => ({ address, drill })));
drills.forEach(({ address, drill }, index) => {
  const section = document.querySelector<HTMLElement>(`#drill-${index + 1}`);
  const figure = section?.querySelector<HTMLElement>('.plot');
  const readout = section?.querySelector<HTMLElement>('.readout');
  if (!section || !figure || !readout || !hasRequests(drill)) return;
  drillChart(drill, `${address}, drill ${drill.drill}: requests in the order of time`, hosts, {
    figure,
    readout,
    views: [...section.querySelectorAll<HTMLButtonElement>('button[data-view]')],
    moments: [...section.querySelectorAll<HTMLButtonElement>('button[data-ms]')],
  });
});
document.documentElement.dataset['drawn'] = '';

function hasRequests(drill: DrillReport): drill is LoggedDrill {
  return (drill.requests?.sentMs.length ?? 0) > 0;
}

function element(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`the page lacks ${selector}`);
  return found;
}
