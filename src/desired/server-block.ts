/** Reads an nginx configuration that a person wrote, as far as haup has to: its servers and where they listen. */

export interface ServerBlocks {
  /** Offsets just after the `{` of each `server {` outside any other block. */
  readonly starts: readonly number[];
  /** What their `listen` directives say. */
  readonly listens: readonly string[];
}

/**
 * A comment or a quoted string, both only at the start of a word as nginx has it, a variable in braces, an
 * escaped character, or one character.
 */
const tokens =
  /((?<![^\s;{}])#[^\n]*)|(?<![^\s;{}])"(?:\\[^]|[^"\\])*"|(?<![^\s;{}])'(?:\\[^]|[^'\\])*'|\$\{\w*\}|\\[^]|[^]/g;

export function serverBlocks(text: string): ServerBlocks {
  const starts: number[] = [];
  const listens: string[] = [];
  const open: string[] = [];
  let statement = '';
  for (const token of text.matchAll(tokens)) {
    const [piece, comment] = token;
    if (piece === '{') {
      const name = statement.trim();
      if (name === 'server' && open.length === 0) starts.push(token.index + 1);
      open.push(name);
    } else if (piece === ';') {
      const [directive, ...values] = statement.trim().split(/\s+/);
      if (directive === 'listen' && open.length === 1 && open[0] === 'server') listens.push(values.join(' '));
    } else if (piece === '}') open.pop();
    else {
      statement += comment === undefined ? piece : ' ';
      continue;
    }
    statement = '';
  }
  return { starts, listens };
}

/** Every directive with its values, of blocks too: `['listen', '443', 'ssl']`. */
export function directives(text: string): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  let statement = '';
  for (const [piece, comment] of text.matchAll(tokens)) {
    if (piece !== '{' && piece !== ';' && piece !== '}') {
      statement += comment === undefined ? piece : ' ';
      continue;
    }
    const words = statement.trim().split(/\s+/);
    if (words[0] !== '') found.push(words);
    statement = '';
  }
  return found;
}

/** The text with `include FILE;` at the head of each of its servers. */
export function including(text: string, starts: readonly number[], file: string): string {
  const pieces = [0, ...starts].map((start, index) => text.slice(start, starts[index]));
  return pieces.join(`\n    include ${file};`);
}
