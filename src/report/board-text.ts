import type { HostName } from '../model/domain.ts';
import type { RunEvent } from '../model/events.ts';
import { type Board, isWorking, type Row } from './board.ts';
import { padEnd, truncate, widthOf } from './columns.ts';
import { findingSentence } from './finding-text.ts';
import { oneLine } from '../base/printable.ts';
import type { Paint, Style } from './style.ts';
import { count, elapsed } from './words.ts';

/** The live view: a first line of spinner, `title` and, at the right, `time`; below it `lines`. */
export interface BoardView {
  readonly title: string;
  readonly time: string;
  readonly lines: readonly string[];
}

/** `width` and `height` are those of the terminal; the view leaves room for what is above it. */
export function boardView(
  board: Board,
  nowMs: number,
  style: Style,
  width: number,
  height: number,
): BoardView {
  const time = elapsed(nowMs - (board.said?.atMs ?? board.startedMs), 0);
  const title = truncate(board.said?.text ?? progress(board), Math.max(1, width - time.length - 4));
  const quiet = board.rows.every(
    ({ state, done }) => (state === 'waiting' || state === 'connected') && done === 0,
  );
  if (quiet) return { title, time: style.dim(time), lines: [] };
  const { shown, hidden } = fitting(board.rows, Math.max(2, Math.floor(height * 0.6)));
  const names = namesWidth(board);
  const steps = Math.max(...board.rows.map((row) => stepsOf(row).length));
  const lines = shown.map((row) => {
    const head = `  ${style.bold(padEnd(row.label, names))}  ${steps === 0 ? '' : `${style.dim(padEnd(stepsOf(row), steps))}  `}`;
    return rowLine(head, row, nowMs, style, width);
  });
  if (hidden.length > 0) lines.push(style.dim(truncate(`  ${summary(hidden)}`, width)));
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

function rowLine(head: string, row: Row, nowMs: number, style: Style, width: number): string {
  const running = () => style.dim(elapsed(nowMs - row.sinceMs, 0));
  switch (row.state) {
    case 'connecting':
      return line(head, 'connecting', running(), width, style.dim);
    case 'changing': {
      // Where room is short the title gives way: the step is what is new.
      const step = row.step === '' ? '' : `: ${row.step}`;
      const time = running();
      const room = width - widthOf(head) - widthOf(time) - 2 - widthOf(step);
      return line(head, truncate(row.doing, Math.max(8, room)) + step, time, width);
    }
    case 'failed':
    case 'connected':
    case 'waiting': {
      if (row.error !== null) return line(head, `✗ failed: ${row.error}`, '', width, style.red);
      if (isDone(row)) return line(head, '✓ done', '', width, style.green);
      // The next change usually begins at once: a word for the moment between two would only flash.
      const between = row.doing !== '' && nowMs - row.sinceMs < 500;
      const idle = row.done > 0 || row.planned !== null ? 'waiting' : row.state;
      return line(head, between ? row.doing : idle, '', width, style.dim);
    }
  }
}

function stepsOf(row: Row): string {
  return row.planned === null ? '' : `${row.done}/${row.planned}`;
}

function isDone(row: Row): boolean {
  const { planned, done, state, error } = row;
  return planned !== null && planned > 0 && done >= planned && state === 'connected' && error === null;
}

interface Fitting {
  readonly shown: readonly Row[];
  readonly hidden: readonly Row[];
}

/** One row a host, in their order; when they are too many, those in which least happens are only counted. */
function fitting(rows: readonly Row[], height: number): Fitting {
  if (rows.length <= height) return { shown: rows, hidden: [] };
  const order: readonly Row['state'][] = ['failed', 'changing', 'connecting', 'connected', 'waiting'];
  const rank = (row: Row) => (isDone(row) ? order.length : order.indexOf(row.state));
  const chosen = new Set(rows.toSorted((a, b) => rank(a) - rank(b)).slice(0, height - 1));
  return { shown: rows.filter((row) => chosen.has(row)), hidden: rows.filter((row) => !chosen.has(row)) };
}

function summary(rows: readonly Row[]): string {
  const words = rows.map((row) => (isDone(row) ? 'done' : row.state === 'connected' ? 'waiting' : row.state));
  const counts = [...new Set(words)].map((word) => `${words.filter((each) => each === word).length} ${word}`);
  return `and ${count(rows.length, 'more host')}: ${counts.join(', ')}`;
}

/** What an event leaves above the live view for good; `board` is the one before it. At most `width` columns each. */
export function logLines(event: RunEvent, board: Board, style: Style, width: number): readonly string[] {
  const title = board.said === null ? [] : [saidLine(board.said.text, style, width)];
  const log = (mark: string, host: HostName | undefined, text: string, time = '') => {
    const label =
      host === undefined ? '' : (board.rows.find((row) => row.host === host)?.label ?? oneLine(host));
    return [entry(mark, label, namesWidth(board), oneLine(text), time, style, width)];
  };
  switch (event.type) {
    case 'changing':
      return title;
    case 'changed':
      return log(style.green('✓'), event.host, event.change.title, elapsed(event.ms));
    case 'failed':
      return log(style.red('✗'), event.host ?? event.error.host, `failed: ${event.error.message}`);
    case 'finding': {
      const { level } = event.finding;
      const mark = { ok: style.green('✓'), warn: style.yellow('!'), fail: style.red('✗') }[level];
      return log(mark, undefined, `${level}: ${findingSentence(event.finding)}`);
    }
    case 'said':
      if (event.host !== undefined) return log(style.dim('·'), event.host, event.text);
      return isWorking(board) ? [saidLine(oneLine(event.text), style, width)] : title;
    case 'connecting':
    case 'connected':
    case 'step':
      return [];
  }
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
      return entry(mark, row.label, namesWidth(board), words, time, style, width);
    });
  return [...said, '', ...lines];
}

function outcome(row: Row, style: Style): readonly [mark: string, words: string] {
  const done =
    row.planned === null ? count(row.done, 'change') : `${row.done} of ${count(row.planned, 'change')}`;
  if (row.error !== null) return [style.red('✗'), `failed after ${done}`];
  if (row.state === 'changing')
    return [style.yellow('!'), `stopped after ${done}, in the midst of: ${row.doing}`];
  if (row.planned !== null && row.done < row.planned) return [style.yellow('!'), `stopped after ${done}`];
  return [style.green('✓'), done];
}

function saidLine(text: string, style: Style, width: number): string {
  return line(`${style.dim('·')} `, text, '', width);
}

function entry(
  mark: string,
  label: string,
  names: number,
  text: string,
  time: string,
  style: Style,
  width: number,
): string {
  const name = label === '' ? '' : `${style.bold(padEnd(truncate(label, Math.max(names, 8)), names))}  `;
  return line(`${mark} ${name}`, text, time === '' ? '' : style.dim(time), width);
}

function namesWidth(board: Board): number {
  return Math.max(0, ...board.rows.map((row) => widthOf(row.label)));
}

const asIs: Paint = (text) => text;

/** `head`, then `text` cut to the room that is left, then `time` at the right edge. */
function line(head: string, text: string, time: string, width: number, paint: Paint = asIs): string {
  const room = width - widthOf(head);
  if (time === '') return (head + paint(truncate(text, room))).trimEnd();
  const beside = room - widthOf(time) - 2;
  return `${head}${padEnd(paint(truncate(text, beside)), beside)}  ${time}`;
}
