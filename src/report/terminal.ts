/** The terminal: the only file that loads chalk and ora, and only when there is a terminal to show something on. */

import { clearScreenDown, moveCursor } from 'node:readline';
import type { Writable } from 'node:stream';
import type { Ora } from 'ora';
import type { HostName } from '../model/domain.ts';
import type { Reporter, RunEvent } from '../model/events.ts';
import type { Plan } from '../model/plan.ts';
import { boardAfter, newBoard } from './board.ts';
import { type BoardView, boardView, finalLines, logLines } from './board-text.ts';
import { widthOf } from './columns.ts';
import { plainStyle, type Style } from './style.ts';

/** 0 none, 1 sixteen colours, 2 256, 3 true colour: as chalk counts. */
export type ColorLevel = 0 | 1 | 2 | 3;

export async function colorStyle(level: ColorLevel): Promise<Style> {
  if (level === 0) return plainStyle;
  const { Chalk } = await import('chalk');
  // Not chalk's own guess: it ignores NO_COLOR, and looks at stdout only.
  const chalk = new Chalk({ level });
  // One text only: chalk joins all its arguments, and `lines.map(style.bold)` passes three.
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    red: (text) => chalk.red(text),
    green: (text) => chalk.green(text),
    yellow: (text) => chalk.yellow(text),
    cyan: (text) => chalk.cyan(text),
  };
}

/** `process.stderr` where it is a terminal. */
export type Terminal = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export interface TtyOptions {
  readonly hosts: readonly HostName[];
  readonly level: ColorLevel;
  /** Milliseconds; only differences are used. */
  readonly now: () => number;
  /** With it each host shows how many of its changes are done. */
  readonly plan?: Plan;
}

/**
 * A live board at the bottom of the terminal, and above it a line for each thing that is finished.
 * What others write to stdout or stderr meanwhile goes above the board too.
 */
export function ttyReporter(stream: Terminal, options: TtyOptions): Reporter {
  const { now } = options;
  let board = newBoard(options.hosts, options.plan, now());
  let style = plainStyle;
  let stopLive: (() => void) | null = null;
  let ended = false;
  /** What happened before there was a live view. */
  let early: (() => readonly string[])[] = [];

  const print = (lines: readonly string[]) => {
    if (lines.length > 0) atOnce(stream, () => stream.write(`${lines.join('\n')}\n`));
  };
  const printEarly = () => {
    for (const lines of early) print(lines());
    early = [];
  };
  const begin = async () => {
    // Both take a while to load: the first hosts are being connected to meanwhile.
    const [{ default: ora }, loaded] = await Promise.all([import('ora'), colorStyle(options.level)]);
    if (ended) return;
    style = loaded;
    printEarly();
    stopLive = liveView(stream, ora, style, () =>
      boardView(board, now(), style, readableWidth(stream), stream.rows ?? 24),
    );
  };
  // Without ora the board is missing, not the run: the lines are printed at the end all the same.
  void begin().catch(() => undefined);

  return {
    emit: (event: RunEvent) => {
      const before = board;
      board = boardAfter(board, event, now());
      const lines = () => logLines(event, before, style, readableWidth(stream));
      if (stopLive === null) early.push(lines);
      else print(lines());
    },
    end: () => {
      if (ended) return;
      ended = true;
      stopLive?.();
      printEarly();
      print(finalLines(board, style, readableWidth(stream)));
    },
  };
}

/** One ora instance: its line is the title of the board, its suffix the rows, made anew for each frame. Returns its end. */
function liveView(
  stream: Terminal,
  ora: typeof import('ora').default,
  style: Style,
  view: () => BoardView,
): () => void {
  /** Widths of the lines that are on the screen. */
  let drawn: readonly number[] = [];
  const suffixText = () => {
    const { title, time, lines } = view();
    // Before the time stand the spinner, the title, and a blank after each.
    const gap = Math.max(0, readableWidth(stream) - widthOf(title) - widthOf(time) - 3);
    drawn = [readableWidth(stream), ...lines.map(widthOf)];
    return [' '.repeat(gap) + time, ...lines].join('\n');
  };
  // stdin in raw mode would delay Ctrl-C behind whatever runs.
  const spinner: Ora = ora({
    stream,
    text: view().title,
    suffixText,
    color: false,
    discardStdin: false,
    isEnabled: true,
  });
  // ora's colour follows its own guess at the terminal: here the frames are painted as everything else is.
  spinner.spinner = { interval: 100, frames: spinner.spinner.frames.map((frame) => style.cyan(frame)) };
  const render = spinner.render.bind(spinner);
  spinner.render = () => {
    spinner.text = view().title;
    atOnce(stream, render);
    return spinner;
  };

  const redraw = () => {
    const columns = stream.columns ?? 80;
    const rows = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    // ora clears the lines that it drew; a terminal that became narrower has made more of them.
    const more = rows - drawn.length;
    spinner.stop();
    if (more > 0) {
      moveCursor(stream, 0, -more);
      clearScreenDown(stream);
    }
    spinner.start();
  };
  spinner.start();
  stream.on('resize', redraw);

  return () => {
    stream.off('resize', redraw);
    spinner.stop();
  };
}

/** One write(2) a frame: a terminal that draws between two of them would flicker. */
function atOnce(stream: Terminal, draw: () => void): void {
  stream.cork();
  try {
    draw();
  } finally {
    stream.uncork();
  }
}

/** Three columns stay free: a `^C` that the terminal echoes after the last line must not wrap. Long lines are hard to read. */
function readableWidth(stream: Terminal): number {
  return Math.max(20, Math.min((stream.columns ?? 80) - 3, 100));
}
