/** The servers of an nginx configuration, whoever wrote it. Pure. */

export interface ServerBlock {
  /** Its server_names, or `_`. */
  readonly names: string;
  readonly listens: readonly string[];
}

/** Every server block of a file, of http and of stream. */
export function serverBlocks(text: string): readonly ServerBlock[] {
  const found: ServerBlock[] = [];
  /** Of each open block whether it is a server, and what it says. */
  const open: ({ names: string[]; listens: string[] } | null)[] = [];
  let words: string[] = [];
  for (const word of text.match(/#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|[^\s{};"'#]+/g) ?? []) {
    if (word.startsWith('#')) continue;
    const server = open.at(-1);
    if (word === '{') {
      // A server inside of `upstream` is no block.
      open.push(words.length === 1 && words[0] === 'server' ? { names: [], listens: [] } : null);
      words = [];
    } else if (word === '}') {
      const closed = open.pop();
      if (closed !== undefined && closed !== null)
        found.push({ names: closed.names.join(' ') || '_', listens: closed.listens });
      words = [];
    } else if (word === ';') {
      const [key, ...values] = words;
      if (server !== undefined && server !== null) {
        if (key === 'listen') server.listens.push(values[0] ?? '');
        if (key === 'server_name') server.names.push(...values);
      }
      words = [];
    } else words.push(word.replace(/^(["'])(.*)\1$/s, '$2'));
  }
  return found;
}
