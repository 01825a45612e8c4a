/** The live view of a run as data and text: what happened to each host so far, and how that looks. */

import type { HostName } from '../model/domain.ts';
import type { RunEvent } from '../model/events.ts';
import type { Plan } from '../model/plan.ts';
import { padEnd, padStart, truncate, widthOf } from './columns.ts';
import { oneLine } from './printable.ts';
import type { Style } from './style.ts';
import { count, elapsed } from './words.ts';

export interface Board {
  readonly startedMs: number;
  /** The last thing said about the whole run, and when. */
  readonly said: { readonly text: string; readonly atMs: number } | null;
  readonly rows: readonly Row[];
}

export interface Row {
  readonly host: HostName;
  readonly state: 'waiting' | 'connecting' | 'connected' | 'changing' | 'failed';
  /** Title of the change, now or last; or the code of the error. */
  readonly doing: string;
  /** What the change is at: `make`. */
  readonly step: string;
  readonly sinceMs: number;
  readonly done: number;
  /** Changes that the plan has for it; null when there is no plan yet. */
  readonly planned: number | null;
  /** When its first change began and its last one ended. */
  readonly workedMs: readonly [number, number] | null;
}

export function newBoard(hosts: readonly HostName[], plan: Plan | undefined, nowMs: number): Board {
  const work = plan?.tracks.flat().flatMap((stage) => stage.work);
  return {
    startedMs: nowMs,
    said: null,
    rows: hosts.map((host) => ({
      ...waiting(host, nowMs),
      planned:
        work?.filter((each) => each.host === host).reduce((sum, each) => sum + each.changes.length, 0) ??
        null,
    })),
  };
}

export function boardAfter(board: Board, event: RunEvent, nowMs: number): Board {
  if (event.type === 'said' && event.host === undefined) {
    return isWorking(board) ? board : { ...board, said: { text: oneLine(event.text), atMs: nowMs } };
  }
  if (event.type === 'said' || event.type === 'finding') return board;
  const host = event.type === 'failed' ? (event.host ?? event.error.host) : event.host;
  if (host === undefined) return board;
  const rows = board.rows.some((row) => row.host === host)
    ? board.rows
    : [...board.rows, waiting(host, nowMs)];
  const after = rows.map((row) => (row.host === host ? rowAfter(row, event, nowMs) : row));
  return { ...board, said: event.type === 'changing' ? null : board.said, rows: after };
}

/** Once hosts are changed the board is about them; before, and in other runs, about what was said last. */
function isWorking(board: Board): boolean {
  return board.rows.some((row) => row.planned !== null || row.workedMs !== null);
}

function waiting(host: HostName, nowMs: number): Row {
  return {
    host,
    state: 'waiting',
    doing: '',
    step: '',
    sinceMs: nowMs,
    done: 0,
    planned: null,
    workedMs: null,
  };
}

function rowAfter(row: Row, event: Exclude<RunEvent, { type: 'said' | 'finding' }>, nowMs: number): Row {
  const worked = (began: number): readonly [number, number] => [row.workedMs?.[0] ?? began, nowMs];
  switch (event.type) {
    case 'connecting':
    case 'connected':
      return { ...row, state: event.type, doing: '', step: '', sinceMs: nowMs };
    case 'changing':
      return {
        ...row,
        state: 'changing',
        doing: oneLine(event.change.title),
        step: '',
        sinceMs: nowMs,
        workedMs: worked(nowMs),
      };
    case 'step':
      return { ...row, state: 'changing', doing: oneLine(event.change.title), step: oneLine(event.note) };
    case 'changed':
      return {
        ...row,
        state: 'connected',
        sinceMs: nowMs,
        done: row.done + 1,
        workedMs: worked(nowMs - event.ms),
      };
    case 'failed':
      return { ...row, state: 'failed', doing: event.error.code, sinceMs: nowMs, workedMs: worked(nowMs) };
  }
}

/** What an event leaves above the live view for good; `board` is the one before it. At most `width` columns each. */
export function logLines(event: RunEvent, board: Board, style: Style, width: number): readonly string[] {
  const title = board.said === null ? [] : [saidLine(board.said.text, style, width)];
  switch (event.type) {
    case 'changing':
      return title;
    case 'changed':
      return [
        entry(style.green('✓'), event.host, event.change.title, elapsed(event.ms), board, style, width),
      ];
    case 'failed': {
      const host = event.host ?? event.error.host;
      return [entry(style.red('✗'), host, `failed: ${event.error.message}`, '', board, style, width)];
    }
    case 'finding': {
      const { level, host, message } = event.finding;
      const mark = { ok: style.green('✓'), warn: style.yellow('!'), fail: style.red('✗') }[level];
      return [entry(mark, host, `${level}: ${message}`, '', board, style, width)];
    }
    case 'said':
      if (event.host !== undefined)
        return [entry(style.dim('·'), event.host, event.text, '', board, style, width)];
      return isWorking(board) ? [saidLine(oneLine(event.text), style, width)] : title;
    default:
      return [];
  }
}

function saidLine(text: string, style: Style, width: number): string {
  return `${style.dim('·')} ${truncate(text, width - 2)}`;
}

function entry(
  mark: string,
  host: HostName | undefined,
  text: string,
  time: string,
  board: Board,
  style: Style,
  width: number,
): string {
  const name = host === undefined ? '' : `${padEnd(truncate(oneLine(host), nameLimit), nameWidth(board))}  `;
  return line(`${mark} ${style.bold(name)}`, oneLine(text), time === '' ? '' : style.dim(time), width);
}

/** The live view below its first line, which carries the spinner: `title`, then the time at the right. */
export interface BoardView {
  readonly title: string;
  readonly time: string;
  readonly lines: readonly string[];
}

/** `width` and `height` are those of the terminal; the view never needs more. */
export function boardView(
  board: Board,
  nowMs: number,
  style: Style,
  width: number,
  height: number,
): BoardView {
  const time = elapsed(nowMs - (board.said?.atMs ?? board.startedMs), 0);
  const title = truncate(board.said?.text ?? progress(board), Math.max(1, width - time.length - 4));
  const live = board.rows.some(
    ({ state, done }) => state === 'connecting' || state === 'changing' || state === 'failed' || done > 0,
  );
  const rows = live ? fitting(board.rows, Math.max(2, Math.floor(height * 0.6))) : { shown: [], hidden: [] };
  const lines = rows.shown.map((row) => rowLine(row, board, nowMs, style, width));
  if (rows.hidden.length > 0) lines.push(style.dim(truncate(`  ${summary(rows.hidden)}`, width)));
  return { title, time: style.dim(time), lines };
}

function progress(board: Board): string {
  const done = board.rows.reduce((sum, row) => sum + row.done, 0);
  const planned = board.rows.reduce((sum, row) => sum + (row.planned ?? 0), 0);
  const hosts = count(board.rows.length, 'host');
  if (planned > 0) return `${done} of ${count(planned, 'change')} done on ${hosts}`;
  if (done > 0) return `${count(done, 'change')} done on ${hosts}`;
  if (board.rows.some((row) => row.state === 'connecting')) return `connecting to ${hosts}`;
  return 'working';
}

function rowLine(row: Row, board: Board, nowMs: number, style: Style, width: number): string {
  const name = padEnd(truncate(oneLine(row.host), nameLimit), nameWidth(board));
  const steps = Math.max(...board.rows.map((each) => stepsOf(each).length));
  const head = `  ${style.bold(name)}  ${steps === 0 ? '' : `${style.dim(padEnd(stepsOf(row), steps))}  `}`;
  const running = row.state === 'changing' || row.state === 'connecting';
  const time = running ? style.dim(elapsed(nowMs - row.sinceMs, 0)) : '';
  if (row.state === 'failed') return line(head, `✗ failed: ${row.doing}`, '', width, style.red);
  if (row.state === 'changing') {
    // Where room is short the title gives way: the step is what is new.
    const step = row.step === '' ? '' : `: ${row.step}`;
    const room = width - widthOf(head) - widthOf(time) - 2 - widthOf(step);
    return line(head, truncate(row.doing, Math.max(8, room)) + step, time, width);
  }
  if (isDone(row)) return line(head, '✓ done', '', width, style.green);
  // The next change usually begins at once: a word for the moment between two would only flash.
  const between = row.doing !== '' && nowMs - row.sinceMs < 500;
  const idle = row.done > 0 || row.planned !== null ? 'waiting' : row.state;
  return line(
    head,
    row.state === 'connecting' ? 'connecting' : between ? row.doing : idle,
    time,
    width,
    style.dim,
  );
}

function stepsOf(row: Row): string {
  return row.planned === null ? '' : `${row.done}/${row.planned}`;
}

function isDone(row: Row): boolean {
  return row.planned !== null && row.planned > 0 && row.done >= row.planned && row.state === 'connected';
}

/** One row a host; when they are too many, those in which nothing happens are only counted. */
function fitting(
  rows: readonly Row[],
  height: number,
): { readonly shown: readonly Row[]; readonly hidden: readonly Row[] } {
  if (rows.length <= height) return { shown: rows, hidden: [] };
  const rank = (row: Row) =>
    row.state === 'failed'
      ? 0
      : row.state === 'changing'
        ? 1
        : row.state === 'connecting'
          ? 2
          : isDone(row)
            ? 4
            : 3;
  const chosen = new Set([...rows].sort((a, b) => rank(a) - rank(b)).slice(0, height - 1));
  return { shown: rows.filter((row) => chosen.has(row)), hidden: rows.filter((row) => !chosen.has(row)) };
}

function summary(rows: readonly Row[]): string {
  const words = rows.map((row) => (isDone(row) ? 'done' : row.state === 'connected' ? 'waiting' : row.state));
  const counts = [...new Set(words)].map((word) => `${words.filter((each) => each === word).length} ${word}`);
  return `and ${count(rows.length, 'more host')}: ${counts.join(', ')}`;
}

/** What stays when the run is over: one line a host, where hosts were changed. */
export function finalLines(board: Board, style: Style, width: number): readonly string[] {
  const said = board.said === null ? [] : [saidLine(board.said.text, style, width)];
  if (board.rows.every((row) => row.workedMs === null)) return said;
  const lines = board.rows
    .filter((row) => row.workedMs !== null || (row.planned ?? 0) > 0)
    .map((row) => {
      const [mark, words] = outcome(row, style);
      const time = row.workedMs === null ? '' : elapsed(row.workedMs[1] - row.workedMs[0]);
      return entry(mark, row.host, words, time, board, style, width);
    });
  return [...said, '', ...lines];
}

function outcome(row: Row, style: Style): readonly [mark: string, words: string] {
  const done =
    row.planned === null ? count(row.done, 'change') : `${row.done} of ${count(row.planned, 'change')}`;
  if (row.state === 'failed') return [style.red('✗'), `failed after ${done}`];
  if (row.state === 'changing')
    return [style.yellow('!'), `stopped after ${done}, in the midst of: ${row.doing}`];
  if (row.planned !== null && row.done < row.planned) return [style.yellow('!'), `stopped after ${done}`];
  return [style.green('✓'), done];
}

/** `head`, then `text` cut to the room that is left, then `time` at the right edge. */
function line(
  head: string,
  text: string,
  time: string,
  width: number,
  paint: (text: string) => string = (same) => same,
): string {
  const room = width - widthOf(head);
  if (time === '') return (head + paint(truncate(text, room))).trimEnd();
  const beside = room - widthOf(time) - 2;
  return head + padEnd(paint(truncate(text, beside)), beside) + padStart(time, widthOf(time) + 2);
}

function nameWidth(board: Board): number {
  return Math.min(nameLimit, Math.max(0, ...board.rows.map((row) => widthOf(oneLine(row.host)))));
}

/** A longer name of a host is cut: the room is for what happens there. */
const nameLimit = 20;
