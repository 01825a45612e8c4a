/** `haup status --watch` in words: a frame for a terminal, or a line for each change. */

import { oneLine, printableData } from '../base/printable.ts';
import type { HolderMove, StatusChange, StatusReport } from '../model/status-shape.ts';
import { columns, padEnd, widthOf } from './columns.ts';
import { findingSentence } from './finding-text.ts';
import { runLine, serviceText, stateText, statusText } from './status-text.ts';
import { plainStyle, type Style } from './style.ts';
import { count, listed, precise } from './words.ts';

export interface WatchFrame {
  readonly report: StatusReport;
  /** The latest last. */
  readonly moves: readonly HolderMove[];
  /** Hosts that have not answered yet. */
  readonly waiting: readonly string[];
}

/** The lines of a terminal of this size; what does not fit is counted in the last one. */
export function watchFrame(
  { report, moves, waiting }: WatchFrame,
  nowMs: number,
  style: Style,
  width: number,
  rows: number,
): readonly string[] {
  const left = `haup status: ${count(report.hosts.length, 'host')}, ${count(report.vips.length, 'VIP')}`;
  const right = `${timeOf(nowMs).slice(0, 8)}  Ctrl-C ends`;
  const head = `${style.bold(padEnd(left, width - widthOf(right)))}${style.dim(right)}`;
  const body = [
    ...(report.hosts.length === 0 ? [] : statusText(report, style, { width }).split('\n')),
    ...(waiting.length === 0 ? [] : [style.dim(`Connecting to ${oneLine(listed(waiting))} …`)]),
  ];
  const latest = moves.slice(-shownMoves).toReversed();
  const table = columns(latest.map((move) => [timeOf(move.atMs), ...moveWords(printableData(move))]));
  const foot = table.length === 0 ? [] : ['', style.dim('LAST MOVES'), ...table];
  // Of the findings the first are the ones to look at; moves are why this is watched.
  const room = rows - 2 - foot.length;
  if (body.length <= room) return [head, '', ...body, ...foot];
  const more = style.dim(`… ${count(body.length - room + 1, 'more line')}`);
  return [head, '', ...body.slice(0, Math.max(0, room - 1)), more, ...foot].slice(0, rows);
}

const shownMoves = 5;

/** `192.168.160.161`, `keep_136 → keep_137`, `no holder for 219 ms` */
function moveWords({ vip, from, to, noneMs, bothMs }: HolderMove): readonly string[] {
  const between = [
    ...(noneMs > 0 ? [`no holder for ${precise(noneMs)}`] : []),
    ...(bothMs > 0 ? [`several for ${precise(bothMs)}`] : []),
  ].join(', ');
  return [vip, from === to ? `back to ${to}` : `${from} → ${to}`, between];
}

/** The local time of day, to the millisecond. */
function timeOf(ms: number): string {
  const at = new Date(ms);
  const two = (number: number): string => String(number).padStart(2, '0');
  const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two);
  return `${hours}:${minutes}:${seconds}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** `2026-11-29T10:00:00.123Z 192.168.160.161: held by keep_137`: one line, for a pipe. */
export const watchLine = (change: StatusChange, nowMs: number): string =>
  `${new Date(nowMs).toISOString()} ${oneLine(changeWords(change))}`;

function changeWords(change: StatusChange): string {
  switch (change.type) {
    case 'holders': {
      const { vip, holders } = change;
      if (holders.length === 0) return `${vip}: no holder seen`;
      return `${vip}: held by ${listed(holders)}${holders.length > 1 ? ' at once (split brain)' : ''}`;
    }
    case 'move': {
      const [vip = '', where = '', between = ''] = moveWords(change);
      return `${vip}: ${where}${between === '' ? '' : `, ${between}`}`;
    }
    case 'host':
      return change.reachable
        ? `${change.name}: ${stateText(change, plainStyle)}, keepalived ${serviceText(change.keepalived, plainStyle)}, nginx ${serviceText(change.nginx, plainStyle)}`
        : `${change.name}: unreachable`;
    case 'run':
      return runLine(change);
    case 'run-ended':
      return `Ended on ${listed(change.hosts)}: ${change.why}, by ${change.who}`;
    case 'finding':
      return `${change.finding.level}: ${findingSentence(change.finding)}`;
    case 'resolved':
      return `no longer: ${findingSentence(change.finding)}`;
  }
}
