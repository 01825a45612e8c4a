/** The verdict of a verify run, its key figures, and all figures as a table. Pure. */

import type { RequestFigures, DrillReport, VerifyReport } from '../model/report.ts';
import { runOf, wasDone, wordsOf } from './drill-words.ts';
import { html, type Markup, nothing } from './html-markup.ts';
import { count, precise } from './words.ts';

export function verdictOf({ vips }: VerifyReport): string {
  const drills = vips.flatMap((vip) => vip.drills);
  if (drills.length === 0) return 'Nothing was drilled.';
  const failed = drills.filter(({ ok }) => !ok);
  const undone = drills.filter((drill) => !wasDone(drill)).length;
  if (failed.length === 0)
    return `Failover works: ${count(drills.length, 'drill')} on ${count(vips.length, 'VIP')}, each within its bound.`;
  const all = failed.length === drills.length && drills.length > 1 ? 'all' : `${failed.length} of`;
  return `Failover is not proven: ${all} ${count(drills.length, 'drill')} failed${
    undone === 0 ? '' : `, ${undone} of them not done`
  }.`;
}

/** Requests of all drills, there and back. */
export function requestsOf({ vips }: VerifyReport): Pick<RequestFigures, 'lost' | 'retried' | 'total'> {
  const all = vips
    .flatMap((vip) => vip.drills)
    .flatMap((drill): RequestFigures[] => [drill, ...(drill.failback === null ? [] : [drill.failback])]);
  const sum = (pick: (one: RequestFigures) => number): number =>
    all.reduce((total, one) => total + pick(one), 0);
  return { lost: sum((one) => one.lost), retried: sum((one) => one.retried), total: sum((one) => one.total) };
}

export function summary(report: VerifyReport): Markup {
  const drills = report.vips.flatMap((vip) => vip.drills);
  const [worst] = drills.toSorted((a, b) => b.outageMs - a.outageMs);
  if (worst === undefined) return nothing;
  const { lost, retried, total } = requestsOf(report);
  const passed = drills.filter(({ ok }) => ok).length;
  const split = Math.max(...drills.map(({ bothHeldMs }) => bothHeldMs));
  const figure = (name: string, value: string, note: string): Markup =>
    html`<div><dt>${name}</dt><dd><strong>${value}</strong> <span>${note}</span></dd></div>`;
  return html`<dl class="summary">
${figure('Longest outage', precise(worst.outageMs), `allowed: ${precise(worst.boundMs)} + ${precise(worst.allowanceMs)}`)}
${figure('Requests lost', grouped(lost), `of ${grouped(total)}; ${grouped(retried)} answered on a second connection`)}
${figure('Drills passed', `${passed} of ${drills.length}`, listOf(drills))}
${figure('Held by two hosts', precise(split), 'at the longest, as each kernel reports it')}
</dl>`;
}

const listOf = (drills: readonly DrillReport[]): string =>
  [...new Set(drills.map(({ drill }) => drill))].join(', ');

const grouped = (number: number): string => number.toLocaleString('en');

export function figuresTable({ vips }: VerifyReport, hosts: readonly string[]): Markup {
  const drills = vips.flatMap((vip) =>
    vip.drills.map((drill) => ({ address: vip.address, drill, run: runOf(vip, drill) })),
  );
  if (drills.length === 0) return nothing;
  const rows = drills.map(
    ({ address, drill, run }, index) => html`<tr>
<th scope="row"><a href="#drill-${index + 1}">${address} ${drill.drill}</a>${run === null ? nothing : html` <span class="quiet">${run}</span>`}</th>
<td>${hostMark(drill.from, hosts)}${drill.to === null ? ' → no host' : html` → ${hostMark(drill.to, hosts)}`}</td>
${
  wasDone(drill)
    ? html`<td class="number">${precise(drill.outageMs)}</td>
<td class="number">${precise(drill.boundMs)} <span class="quiet">+ ${precise(drill.allowanceMs)}</span></td>
<td class="number wraps">${lostCell(drill)}</td>
<td class="number">${drill.failback === null ? 'none seen' : precise(drill.failback.outageMs)}</td>
<td class="number wraps">${drill.failback === null ? nothing : lostCell(drill.failback)}</td>`
    : html`<td colspan="5" class="quiet">not done</td>`
}
<td>${verdictMark(drill)}</td>
</tr>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="All figures"><table>
<thead><tr><th scope="col">Drill</th><th scope="col">VIP moves</th><th scope="col" class="number">Outage</th><th scope="col" class="number">Bound</th><th scope="col" class="number">Lost</th><th scope="col" class="number">Outage back</th><th scope="col" class="number">Lost back</th><th scope="col">Verdict</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/** `138 of 1,204`, and how many of them only a second connection answered. */
export function lostOf({ lost, retried, total }: RequestFigures): string {
  const text = `${grouped(lost)} of ${grouped(total)}`;
  return retried === 0 ? text : `${text}, ${grouped(retried)} retried`;
}

/** The same; where the table is wider than the page, it has two lines. */
const lostCell = (figures: RequestFigures): Markup =>
  html`${lostOf(figures)
    .split(/(?<=,) /)
    .map((part) => html`<span>${part}</span> `)}`;

export const verdictMark = (drill: DrillReport): Markup =>
  drill.ok
    ? html`<span class="mark ok">✓ within bound</span>`
    : html`<span class="mark bad">✗ ${wasDone(drill) ? 'failed' : 'not done'}</span>`;

/** The name of a host beside the colour that the charts give it. */
export const hostMark = (host: string, hosts: readonly string[]): Markup =>
  html`<span class="host"><span class="swatch swatch-${hosts.includes(host) ? hosts.indexOf(host) % 6 : 'none'}"></span>${host}</span>`;

export const titleOf = (drill: DrillReport): string => {
  const { title } = wordsOf(drill);
  return `${title.charAt(0).toUpperCase()}${title.slice(1)}`;
};
