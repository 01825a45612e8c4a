/** A mistake in a YAML file as people read it: `file:line:column`, the line, a caret, a hint. */

import { HaupError, type ErrorCode } from '../model/errors.ts';

/** A text, and the places in it that must not be shown. */
export interface Source {
  readonly file: string;
  readonly text: string;
  /** Offsets of values that are secrets, in any order. */
  readonly hidden: readonly (readonly [start: number, end: number])[];
}

export interface Problem {
  readonly source: Source;
  /** Offsets into the text, marked by carets. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint?: string | undefined;
}

const shownProblems = 50;
const shownColumns = 110;

/** One error for all problems (at least one), in the order of the files; `detail` holds the rendered frames. */
export function inventoryError(
  problems: readonly Problem[],
  code: ErrorCode = 'INVENTORY_INVALID',
): HaupError {
  const files = [...new Set(problems.map((problem) => problem.source.file))];
  const sorted = [...problems].sort(
    (a, b) => files.indexOf(a.source.file) - files.indexOf(b.source.file) || a.start - b.start,
  );
  const distinct = [
    ...new Map(sorted.map((each) => [`${each.source.file} ${each.start} ${each.message}`, each])).values(),
  ];
  const detail = distinct.slice(0, shownProblems).flatMap(frame);
  if (distinct.length > shownProblems) detail.push(`… and ${distinct.length - shownProblems} more`);
  const one = distinct.length === 1;
  const file = files.join(' and ');
  const message =
    code === 'SECRET_MISSING'
      ? `${one ? 'A secret' : `${distinct.length} secrets`} of ${file} cannot be resolved.`
      : `${file} has ${one ? 'a problem' : `${distinct.length} problems`}.`;
  return new HaupError(code, message, {
    detail,
    hint: `Fix ${one ? 'it' : 'them'} and run again; no host was contacted.`,
  });
}

function frame({ source, start, end, message, hint }: Problem): string[] {
  const { text } = source;
  const lineStart = start === 0 ? 0 : text.lastIndexOf('\n', start - 1) + 1;
  const nextLine = text.indexOf('\n', start);
  const newline = nextLine === -1 ? text.length : nextLine;
  const lineEnd = text[newline - 1] === '\r' && newline > start ? newline - 1 : newline;
  const number = text.slice(0, lineStart).split('\n').length;
  const where = `${source.file}:${number}:${start - lineStart + 1}`;

  const length = lineEnd - lineStart;
  const from = Math.max(0, Math.min(start - lineStart - shownColumns / 2, length - shownColumns));
  const line = hide(source, lineStart, lineEnd);
  const before = plain(line.slice(from, start - lineStart));
  const width = Math.max(1, Math.min(end, lineEnd, start + shownColumns) - start);
  const marked = plain(line.slice(start - lineStart, start - lineStart + width));
  const after = plain(line.slice(start - lineStart + width, from + shownColumns));
  const cutLeft = from > 0 ? '…' : '';
  const cutRight = length > from + shownColumns ? '…' : '';

  const gutter = String(number).padStart(5);
  const lines = [
    `${where} ${plain(message)}`,
    `${gutter} | ${cutLeft}${before}${marked}${after}${cutRight}`.trimEnd(),
  ];
  lines.push(
    `${' '.repeat(5)} | ${' '.repeat(columns(cutLeft + before))}${'^'.repeat(Math.max(1, columns(marked)))}`,
  );
  if (hint !== undefined) lines.push(`${' '.repeat(5)} = ${plain(hint)}`);
  return lines;
}

/** A line with its secrets as stars, one per character, so that the carets stay in place. */
function hide(source: Source, lineStart: number, lineEnd: number): string {
  let line = source.text.slice(lineStart, lineEnd);
  for (const [start, end] of source.hidden) {
    const a = Math.max(start, lineStart) - lineStart;
    const b = Math.min(end, lineEnd) - lineStart;
    if (a < b) line = line.slice(0, a) + '*'.repeat(b - a) + line.slice(b);
  }
  return line;
}

/** A file must not be able to move the cursor or colour the terminal. One column per character. */
function plain(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u00b7');
}

/** Terminal columns: East Asian wide characters and emoji take two. */
function columns(text: string): number {
  let count = 0;
  for (const character of text) count += wide.test(character) ? 2 : 1;
  return count;
}
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
