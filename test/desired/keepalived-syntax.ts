/** One directive of a keepalived.conf: its words, and what is between its braces. */
export interface Directive {
  readonly words: readonly string[];
  readonly block: readonly Directive[] | null;
}

/** Reads what keepalived reads: comments from # or !, one keyword a line, a block after {. */
export function parseKeepalived(text: string): readonly Directive[] {
  const tokens = text
    .split('\n')
    .map((line) => line.replace(/[#!].*$/, ''))
    .flatMap((line) => [...(line.match(/"[^"]*"|[{}]|[^\s{}"]+/g) ?? []), '\n']);
  const read = (nested: boolean): Directive[] => {
    const found: Directive[] = [];
    let words: string[] = [];
    const end = (): void => {
      if (words.length > 0) found.push({ words, block: null });
      words = [];
    };
    for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
      if (token === '{') {
        found.push({ words, block: read(true) });
        words = [];
      } else if (token === '}') {
        end();
        if (!nested) throw new Error('a } without its {');
        return found;
      } else if (token === '\n') end();
      else words.push(token.replaceAll('"', ''));
    }
    if (nested) throw new Error('a { without its }');
    return found;
  };
  return read(false);
}

/** The blocks of this name at the top, by their first argument. */
export const blocks = (text: string, name: string): ReadonlyMap<string, readonly Directive[]> =>
  new Map(
    parseKeepalived(text).flatMap(({ words, block }) =>
      words[0] === name && block !== null ? [[words[1] ?? '', block] as const] : [],
    ),
  );

/** What a directive of a block says after its name, null when it is not there. */
export function value(block: readonly Directive[] | undefined, name: string): string | null {
  const found = block?.find(({ words }) => words[0] === name);
  if (found === undefined) return null;
  return [...found.words.slice(1), ...(found.block ?? []).map(({ words }) => words.join(' '))].join(' ');
}
