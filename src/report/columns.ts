import { stripVTControlCharacters } from 'node:util';
import type { Paint } from './style.ts';

/** Terminal columns that a line takes: colour counts nothing, East Asian wide characters two. */
export function widthOf(line: string): number {
  if (ascii.test(line)) return line.length;
  const bare = stripVTControlCharacters(line);
  if (ascii.test(bare)) return bare.length;
  let width = 0;
  for (const character of bare) {
    if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) continue;
    width += wide.test(character) ? 2 : 1;
  }
  return width;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Unstyled text cut to `width` columns, with `…` where something is missing. */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  let cut = '';
  let used = 0;
  for (const character of text) {
    used += widthOf(character);
    if (used > width - 1) break;
    cut += character;
  }
  return `${cut.trimEnd()}…`;
}

/** Unstyled text broken at spaces into lines of at most `width`; a longer word keeps a line of its own. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** A label, and unstyled text beside it that is wrapped within `width` columns under its own beginning. */
export function hanging(
  label: string,
  text: string,
  width: number,
  paint: Paint = (same) => same,
): readonly string[] {
  const indent = widthOf(label);
  const [first = '', ...rest] = wrap(text, width - indent);
  return [`${label}${paint(first)}`.trimEnd(), ...rest.map((line) => ' '.repeat(indent) + paint(line))];
}

/** Rows as borderless columns, each as wide as its widest cell; cells may be styled. */
export function columns(rows: readonly (readonly string[])[], gap = 2): readonly string[] {
  const widths = columnWidths(rows);
  return rows.map((row) =>
    row
      .map((cell, index) => padEnd(cell, (widths[index] ?? 0) + gap))
      .join('')
      .trimEnd(),
  );
}

/**
 * A table under its headings. Where the columns do not fit into `width`, each row becomes a small
 * record instead: its first cell, and below it one line a heading.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
  paintHeading: Paint,
): readonly string[] {
  const gap = 3;
  const needed = columnWidths([headings, ...rows]).reduce((sum, each) => sum + each + gap, -gap);
  if (needed <= width) return columns([headings.map(paintHeading), ...rows], gap);
  return rows.flatMap((row) => [
    row[0] ?? '',
    ...columns(
      row
        .map((cell, index) => [`  ${paintHeading(headings[index] ?? '')}`, cell])
        .filter(([, cell], index) => index > 0 && cell !== ''),
    ),
  ]);
}

function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  return widths;
}

const ascii = /^[\x20-\x7e]*$/;

/** Unicode's East Asian Wide and Fullwidth blocks, and emoji, as terminals draw them. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}\u{20000}-\u{3fffd}]/u;
