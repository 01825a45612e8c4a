import { structuredPatch } from 'diff';
import type { TextDiff } from '../model/plan.ts';
import { printable } from '../base/printable.ts';
import type { Style } from './style.ts';
import { count } from './words.ts';

export interface DiffTextOptions {
  /** Show at most this many lines of a file; the rest is counted. */
  readonly limit: number;
}

/** One file's difference as the lines of a unified diff, under its path. */
export function diffText(diff: TextDiff, style: Style, options: DiffTextOptions): readonly string[] {
  const path = printable(diff.path);
  const before = diff.before ?? '';
  const after = diff.after ?? '';
  if (diff.before === null)
    return [style.bold(`${path} (new, ${sizeOf(after)})`), ...body(diff, style, options)];
  if (diff.after === null) return [style.bold(`${path} (removed, was ${sizeOf(before)})`)];
  if (before === after) return [style.bold(path), style.dim('  only masked values, mode or owner differ')];
  return [
    style.bold(`--- ${path} (now)`),
    style.bold(`+++ ${path} (planned)`),
    ...body(diff, style, options),
  ];
}

function body(diff: TextDiff, style: Style, { limit }: DiffTextOptions): readonly string[] {
  const patch = structuredPatch('', '', diff.before ?? '', diff.after ?? '', '', '', { context: 3 });
  const isNew = diff.before === null;
  const lines = patch.hunks.flatMap((hunk) => [
    // The one hunk of a new file starts at its first line: the position says nothing.
    ...(isNew
      ? []
      : [style.cyan(`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`)]),
    ...hunk.lines.map((line) => paint(line, style)),
  ]);
  // A rest of one or two lines takes no more room than the sentence about it.
  if (lines.length <= limit + 2) return lines;
  return [
    ...lines.slice(0, limit),
    style.dim(`… ${count(lines.length - limit, 'more line')} (--verbose shows all)`),
  ];
}

function paint(line: string, style: Style): string {
  // A carriage return at the end may be all that differs.
  const text = printable(line.replace(/\r$/, '␍')).trimEnd();
  if (line.startsWith('+')) return style.green(text);
  if (line.startsWith('-')) return style.red(text);
  return style.dim(text);
}

function sizeOf(text: string): string {
  if (text === '') return 'empty';
  return count(text.split('\n').length - (text.endsWith('\n') ? 1 : 0), 'line');
}
