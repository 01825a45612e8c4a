/** The format of apt's sources and of dpkg's lists: stanzas of fields, separated by empty lines. */

/** Field names in lower case; a value of several lines has them separated by `\n`. */
export type Stanza = ReadonlyMap<string, string>;

export function deb822(text: string): readonly Stanza[] {
  return text
    .split(/\n(?:[ \t]*\n)+/)
    .map(fields)
    .filter((stanza) => stanza.size > 0);
}

function fields(text: string): Stanza {
  const found = new Map<string, string>();
  let current = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    const start = /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(line);
    if (start !== null) {
      current = (start[1] ?? '').toLowerCase();
      found.set(current, start[2] ?? '');
    } else if (/^[ \t]/.test(line) && current !== '') {
      found.set(current, `${found.get(current) ?? ''}\n${line}`);
    }
  }
  return found;
}
