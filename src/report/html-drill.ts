/** One drill of the HTML report: what was done, its chart, its moments and its figures. Pure. */

import type { DrillReport, VipVerification } from '../model/report.ts';
import { runOf, takeoverText, wasDone } from './drill-words.ts';
import { connectionsText, graceTexts } from './connections-text.ts';
import { html, type Markup, nothing } from './html-markup.ts';
import { hostMark, lostOf, titleOf, verdictMark } from './html-summary.ts';
import { momentsOf } from './moments.ts';
import { count, precise } from './words.ts';

export function drillSection(
  vip: VipVerification,
  drill: DrillReport,
  number: number,
  hosts: readonly string[],
): Markup {
  const run = runOf(vip, drill);
  return html`<article id="drill-${number}">
<h3>${titleOf(drill)} ${verdictMark(drill)}</h3>
<p class="note">${vip.address}${run === null ? '' : ` · ${run}`}${wasDone(drill) ? takeover(drill, hosts) : nothing}</p>
${drill.reasons.length === 0 ? nothing : html`<ul class="reasons">${drill.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
${wasDone(drill) ? seen(vip, drill) : nothing}
</article>`;
}

const takeover = ({ to }: DrillReport, hosts: readonly string[]): Markup =>
  to === null ? html` · no host takes over` : html` · ${hostMark(to, hosts)} takes over`;

function seen(vip: VipVerification, drill: DrillReport): Markup {
  return html`${drill.requests === undefined ? nothing : chart(drill)}
<ol class="moments" aria-label="Moments">${momentsOf(drill).map(
    ({ ms, what }) =>
      html`<li><button type="button" data-ms="${ms}"><b>${signedText(ms)}</b> ${what}</button></li>`,
  )}</ol>
<dl class="figures">
${figure('Outage', `${tenths(drill.outageMs)}, allowed are ${tenths(drill.boundMs)} + ${tenths(drill.allowanceMs)}`)}
${drill.formula === undefined ? nothing : figure('Bound', drill.formula)}
${typeof drill.detectionMs === 'number' ? figure('Takeover', takeoverText(drill)) : nothing}
${figure('Lost', lostOf(drill))}
${figure('Held by', `no host for ${tenths(drill.noneHeldMs)}, two hosts for ${tenths(drill.bothHeldMs)}`)}
${figure('Way back', wayBack(drill))}
${drill.connections === undefined ? nothing : figure('Open connections', connectionsText(drill.connections))}
${graceTexts(drill).map((text) => figure('Grace', text))}
${vip.asked === undefined ? nothing : figure('Asked by', vip.asked)}
${figure('Precision', precision(drill))}
</dl>`;
}

const chart = (
  drill: DrillReport,
): Markup => html`<div class="views" role="group" aria-label="Part of the time axis">
<button type="button" data-view="all" aria-pressed="true">Whole drill</button>
<button type="button" data-view="there" aria-pressed="false">The break</button>
${drill.restoredMs === null ? nothing : html`<button type="button" data-view="back" aria-pressed="false">The way back</button>`}
</div>
<div class="plot"></div><p class="readout"></p>`;

const figure = (name: string, text: string): Markup => html`<div><dt>${name}</dt><dd>${text}</dd></div>`;

function wayBack({ failback }: DrillReport): string {
  return failback === null ? 'none seen' : `outage ${tenths(failback.outageMs)}, lost ${lostOf(failback)}`;
}

function precision({
  intervalMs,
  everyMs,
  lateMs,
  stalledMs = 0,
  clockErrorMs,
  requests,
}: DrillReport): string {
  return [
    ...(requests === undefined ? [] : [count(requests.sentMs.length, 'request')]),
    ...(intervalMs === undefined
      ? []
      : [
          `asked every ${Number(intervalMs.toFixed(1))} ms${everyMs === undefined ? '' : ` (${tenths(everyMs)} on average)`}`,
        ]),
    ...(lateMs === undefined
      ? []
      : [
          `sent within ${lateMs.p99.toFixed(1)} ms of its moment in 99 of 100 (${lateMs.median.toFixed(1)} ms in half)`,
        ]),
    ...(clockErrorMs === undefined ? [] : [`clocks of the hosts known to ${tenths(clockErrorMs)}`]),
    ...(stalledMs < 50 ? [] : [`this machine stalled for up to ${precise(stalledMs)}, not counted`]),
  ].join(', ');
}

const tenths = (ms: number): string =>
  `${ms.toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })} ms`;

const signedText = (ms: number): string => `${ms < 0 ? '−' : '+'}${tenths(Math.abs(ms))}`;
