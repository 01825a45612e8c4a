/** Servers in an nginx configuration that a person wrote. */

import { statements } from '../nginx/nginx-text.ts';

/** Offsets just after the `{` of each `server {` outside any other block. */
export const serverStarts = (text: string): readonly number[] =>
  statements(text).flatMap(({ block, words, parent, end }) =>
    block && parent === null && words.length === 1 && words[0] === 'server' ? [end] : [],
  );

/** Every directive with its values, of blocks too: `['listen', '443', 'ssl']`. */
export const directives = (text: string): readonly (readonly string[])[] =>
  statements(text).map(({ words }) => words);

/** The text with `include FILE;` at the head of each of its servers. */
export function including(text: string, starts: readonly number[], file: string): string {
  const pieces = [0, ...starts].map((start, index) => text.slice(start, starts[index]));
  return pieces.join(`\n    include ${file};`);
}
