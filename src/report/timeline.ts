import type { Span } from '../model/report.ts';

/** A stretch of time drawn into `cells` columns. Times in ms. */
export interface Scale extends Span {
  readonly cells: number;
}

/** The column in which a moment falls. */
export function cellOf(ms: number, { fromMs, toMs, cells }: Scale): number {
  const cell = Math.floor(((ms - fromMs) / (toMs - fromMs)) * cells);
  return Math.max(0, Math.min(cells - 1, cell));
}

/** The share of each cell, 0 to 1, that the spans cover. */
export function coverage(spans: readonly Span[], scale: Scale): readonly number[] {
  const step = (scale.toMs - scale.fromMs) / scale.cells;
  return Array.from({ length: scale.cells }, (_, index) => {
    const from = scale.fromMs + index * step;
    const covered = spans.reduce((sum, span) => sum + overlap(span, { fromMs: from, toMs: from + step }), 0);
    return Math.min(1, covered / step);
  });
}

function overlap(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs));
}

/** Seconds at round distances, each above its column: `-1 s   0     1 s   2 s`. 0 is always among them when in view. */
export function axis(scale: Scale): string {
  const perCell = (scale.toMs - scale.fromMs) / scale.cells;
  const step = steps.find((each) => each / perCell >= 8) ?? Math.ceil((8 * perCell) / 60_000) * 60_000;
  let line = '';
  for (let at = Math.ceil(scale.fromMs / step) * step; at < scale.toMs; at += step) {
    const label = at === 0 ? '0' : `${at / 1000} s`;
    const cell = cellOf(at, scale);
    if (cell + label.length > scale.cells) break;
    line = line.padEnd(cell) + label;
  }
  return line;
}

/** Round distances between two labels, ms. */
const steps = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000] as const;

/** Arrows under their moments, each with its words: after the arrow, before it, or on a line of its own. */
export function markers(
  marks: readonly { readonly ms: number; readonly text: string }[],
  scale: Scale,
): readonly string[] {
  const lines: string[] = [];
  for (const { ms, text } of marks.toSorted((a, b) => a.ms - b.ms)) {
    const cell = cellOf(ms, scale);
    const after = cell + 2 + text.length <= scale.cells;
    const start = after ? cell : Math.max(0, cell - 1 - text.length);
    const words = after ? `▲ ${text}` : cell - 1 - text.length >= 0 ? `${text} ▲` : text;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 <= start) lines[lines.length - 1] = last.padEnd(start) + words;
    else lines.push(' '.repeat(start) + words);
  }
  return lines;
}
