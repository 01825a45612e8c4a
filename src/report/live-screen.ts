import type { Terminal } from './terminal.ts';

/** A whole terminal that is drawn again and again. */
export interface LiveScreen {
  /** Draws at once, if anything differs. */
  refresh(): void;
  /** Leaves the terminal as it was found. */
  end(): void;
}

/** On the alternate screen, without a cursor, and with lines that do not wrap while the terminal becomes narrower. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';
/** Terminals that know it show a frame as a whole; others ignore it. */
const [frameBegin, frameEnd] = ['\x1b[?2026h\x1b[H', '\x1b[?2026l'];
const everyMs = 1000;

/** `draw` gives the lines for a terminal of this size. Drawn every second too, since they may tell the time. */
export function liveScreen(
  stream: Terminal,
  draw: (columns: number, rows: number) => readonly string[],
): LiveScreen {
  let shown = '';
  let ended = false;
  const show = (again: boolean): void => {
    const [columns, rows] = [stream.columns ?? 80, stream.rows ?? 24];
    const lines = draw(columns, rows);
    // Each is cleared before it is written: after a full line the cursor is still on its last column.
    const frame = Array.from({ length: rows }, (_, row) => `\x1b[2K${lines[row] ?? ''}`).join('\r\n');
    if (ended || (frame === shown && !again)) return;
    shown = frame;
    // One write a frame: a terminal that draws between two of them would flicker.
    stream.write(frameBegin + frame + frameEnd);
  };
  const redraw = (): void => show(true);
  stream.write(enter);
  stream.on('resize', redraw);
  const timer = setInterval(() => show(false), everyMs);
  redraw();
  return {
    refresh: () => show(false),
    end: () => {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      stream.off('resize', redraw);
      stream.write(leave);
    },
  };
}
