import type { RequestFigures, DrillReport, VerifyReport, VipVerification } from '../model/report.ts';
import { runOf, story, takeoverText, wasDone, wordsOf } from './drill-words.ts';
import { connectionsText, graceTexts } from './connections-text.ts';
import { hanging, padEnd, truncate, widthOf, wrap } from './columns.ts';
import { isUsual } from './failover-text.ts';
import { lostLong, retriedSentence } from './lost-text.ts';
import { printableData } from '../base/printable.ts';
import { repeatLines } from './repeats-text.ts';
import type { Paint, Style } from './style.ts';
import { axis, coverage, markers, type Scale } from './timeline.ts';
import { count, precise } from './words.ts';

/**
 * What each drill did and what it cost: who held the VIP when, the outage beside the one that VRRP's timers
 * allow, the requests lost, the way back. Of repeats the failed ones and the worst. No newline at the end.
 */
export function verifyText(raw: VerifyReport, style: Style, columns: number): string {
  const report = printableData(raw);
  const width = Math.max(30, Math.min(columns, 100));
  const drills = report.vips.flatMap((vip) =>
    vip.drills.filter((drill) => isTold(vip, drill)).map((drill) => drillLines(vip, drill, style, width)),
  );
  const repeats = report.vips.flatMap(({ address, repeats: all = [] }) =>
    all.map((summary) => repeatLines(address, summary, style, width)),
  );
  return [
    ...[...drills, ...repeats].flatMap((lines) => [...lines, '']),
    ...legend(report, style, width),
    ...closing(report, style, width),
  ].join('\n');
}

/** Repeats that passed are told by their summary. */
function isTold({ drills, repeats }: VipVerification, drill: DrillReport): boolean {
  if (repeats === undefined || !drill.ok) return true;
  const same = drills.filter((other) => other.drill === drill.drill && wasDone(other));
  return drill === same.toSorted((a, b) => b.outageMs - a.outageMs)[0];
}

function drillLines(
  vip: VipVerification,
  drill: DrillReport,
  style: Style,
  width: number,
): readonly string[] {
  const verdict = drill.ok ? style.green('✓ ok') : style.red('✗ FAILED');
  const run = runOf(vip, drill);
  const title = `${vip.address}: ${story(drill)}${run === null ? '' : ` (${run})`}`;
  const beside = width - widthOf(verdict) - 2;
  const head =
    widthOf(title) <= beside
      ? [`${padEnd(style.bold(title), beside)}  ${verdict}`]
      : [...wrap(title, width).map(style.bold), verdict];
  const label = Math.min(Math.max(8, Math.floor(width / 4)), Math.max(8, ...hostsOf(drill).map(widthOf)));
  if (!wasDone(drill)) return [...head, ...reasonLines(drill, style, width)];
  return [
    ...head,
    ...reasonLines(drill, style, width),
    '',
    ...strip(drill, label, style, width),
    ...figures(drill, label, style, width),
    ...(isUsual(vip.asked)
      ? []
      : hanging(`  ${style.dim(padEnd('asked', label))}  `, vip.asked ?? '', width)),
  ];
}

function reasonLines(drill: DrillReport, style: Style, width: number): readonly string[] {
  return drill.reasons.flatMap((reason) => hanging(`  ${style.red('✗')} `, reason, width, style.red));
}

/** One row a host, `█` while its kernel had the VIP, and one for the requests, `×` while they were lost. */
function strip(drill: DrillReport, label: number, style: Style, width: number): readonly string[] {
  const fromMs = Math.min(0, ...drill.timeline.map((held) => held.fromMs));
  const toMs = Math.max(
    ...drill.timeline.map((held) => held.toMs),
    ...drill.unanswered.map((span) => span.toMs),
  );
  if (!(toMs > fromMs)) return [];
  const scale: Scale = { fromMs, toMs, cells: width - label - 4 };
  const row = (name: string, cells: string) => `  ${padEnd(truncate(name, label), label)}  ${cells}`;
  const held = hostsOf(drill).map((host) => {
    const shares = coverage(
      drill.timeline.filter((each) => each.host === host),
      scale,
    );
    return row(
      host,
      painted(
        shares.map((share) => share >= 0.5),
        ['█', style.cyan],
        ['·', style.dim],
      ),
    );
  });
  // A gap shorter than a cell is shown too: it is what one looks for.
  const lost = coverage(drill.unanswered, scale).map((share) => share > 0);
  const words = wordsOf(drill);
  const marks = [
    { ms: 0, text: words.began },
    ...(drill.restoredMs === null ? [] : [{ ms: drill.restoredMs, text: words.ended }]),
  ];
  return [
    style.dim(row('', axis(scale))),
    ...held,
    row('answered', painted(lost, ['×', style.red], ['━', style.green])),
    ...markers(marks, scale).map((line) => style.dim(row('', line))),
    '',
  ];
}

type Brush = readonly [character: string, paint: Paint];

/** One character a cell, equal neighbours painted at once. */
function painted(cells: readonly boolean[], on: Brush, off: Brush): string {
  const line = cells.map((cell) => (cell ? on[0] : off[0])).join('');
  return line.replace(/(.)\1*/gu, (run) => (run.startsWith(on[0]) ? on[1] : off[1])(run));
}

function hostsOf({ from, to, timeline }: DrillReport): readonly string[] {
  return [...new Set([from, ...(to === null ? [] : [to]), ...timeline.map(({ host }) => host)])];
}

function figures(drill: DrillReport, label: number, style: Style, width: number): readonly string[] {
  const figure: Figure = (name, text) => hanging(`  ${style.dim(padEnd(name, label))}  `, text, width);
  const { failback } = drill;
  return [
    ...outageFigure(drill, label, style, width),
    ...(drill.formula === undefined ? [] : figure('bound', drill.formula)),
    ...(typeof drill.detectionMs === 'number' ? figure('takeover', takeoverText(drill)) : []),
    ...figure('lost', lostLong(drill)),
    ...figure(
      'held by',
      `no host for ${precise(drill.noneHeldMs)}, two hosts for ${precise(drill.bothHeldMs)}`,
    ),
    ...figure(
      'failback',
      failback === null ? 'none seen' : `outage ${precise(failback.outageMs)}, lost ${lostLong(failback)}`,
    ),
    ...(drill.connections === undefined ? [] : figure('open', connectionsText(drill.connections))),
    ...graceTexts(drill).flatMap((text) => figure('grace', text)),
    ...askedFigure(drill, figure),
    ...((drill.stalledMs ?? 0) < worthSayingMs
      ? []
      : figure(
          'not seen',
          `this machine itself stalled for up to ${precise(drill.stalledMs ?? 0)}; not counted${drill.lateMs?.first === false ? '. As root, haup measures before other programs run' : ''}`,
        )),
  ];
}

type Figure = (name: string, text: string) => readonly string[];

/** A machine that asks more seldom than it should sees less than it says. */
function askedFigure({ everyMs = 0, intervalMs = 0 }: DrillReport, figure: Figure): readonly string[] {
  if (everyMs <= 1.25 * intervalMs) return [];
  const text = `every ${everyMs.toFixed(1)} ms on average, not every ${Number(intervalMs.toFixed(1))} ms: this machine is busy`;
  return figure('asked', text);
}

/** A stall of the measuring machine below this blurs no figure. */
const worthSayingMs = 50;

/** `623 ms   ██████████████░░░  bound 609 ms + allowance 121 ms` */
function outageFigure(drill: DrillReport, label: number, style: Style, width: number): readonly string[] {
  const limit = drill.boundMs + drill.allowanceMs;
  const paint = drill.outageMs > limit ? style.red : style.green;
  const value = precise(drill.outageMs);
  const allowed = `bound ${precise(drill.boundMs)} + allowance ${precise(drill.allowanceMs)}`;
  const head = `  ${style.dim(padEnd('outage', label))}  ${style.bold(paint(padEnd(value, 7)))}  `;
  const room = width - widthOf(head);
  const beside = room - allowed.length - 2;
  if (beside < 12) {
    return [
      head + bar(drill, Math.max(3, room), paint, style),
      ...hanging(' '.repeat(label + 4), allowed, width),
    ];
  }
  return [`${head}${bar(drill, beside, paint, style)}  ${allowed}`];
}

/** Filled up to the outage, empty up to what is allowed; `│` marks what is allowed when the outage went beyond it. */
function bar(drill: DrillReport, cells: number, paint: Paint, style: Style): string {
  const limit = drill.boundMs + drill.allowanceMs;
  const cell = (ms: number) => Math.min(cells, Math.round((ms / Math.max(limit, drill.outageMs, 1)) * cells));
  const filled = cell(drill.outageMs);
  if (drill.outageMs <= limit) return paint('█'.repeat(filled)) + style.dim('░'.repeat(cells - filled));
  const tick = Math.min(cell(limit), cells - 2);
  return `${paint('█'.repeat(tick))}${style.bold('│')}${paint('█'.repeat(cells - tick - 1))}`;
}

function legend(report: VerifyReport, style: Style, width: number): readonly string[] {
  if (report.vips.every((vip) => vip.drills.length === 0)) return [];
  const text =
    "outage: the longest time without an answer. bound: the outage that VRRP's timers allow. " +
    'lost: what a client that does not retry loses. open: connections that were open at the fault. █ the host has the VIP, ━ requests are answered, × they are lost.';
  return [...wrap(text, width).map(style.dim), ''];
}

function closing({ vips }: VerifyReport, style: Style, width: number): readonly string[] {
  const drills = vips.flatMap((vip) => vip.drills);
  const failed = drills.filter(({ ok }) => !ok).length;
  const worst = Math.max(0, ...drills.map(({ outageMs }) => outageMs));
  const sum = (pick: (answered: RequestFigures) => number) =>
    drills.reduce(
      (all, drill) => all + pick(drill) + (drill.failback === null ? 0 : pick(drill.failback)),
      0,
    );
  const [lost, retried, total] = [sum((one) => one.lost), sum((one) => one.retried), sum((one) => one.total)];
  const cost = [
    `Longest outage ${precise(worst)}, ${lost} of ${count(total, 'request')} lost.`,
    retriedSentence({ lost, retried }) ?? [],
  ]
    .flat()
    .join(' ');
  if (drills.length === 0) return ['Nothing was drilled.'];
  const verdict =
    failed > 0
      ? `Failed: ${failed} of ${count(drills.length, 'drill')}.`
      : `Verified: ${count(drills.length, 'drill')} on ${count(vips.length, 'VIP')}, each within its bound.`;
  const paint = failed > 0 ? style.red : style.green;
  return [...wrap(verdict, width).map((line) => style.bold(paint(line))), ...wrap(cost, width)];
}
