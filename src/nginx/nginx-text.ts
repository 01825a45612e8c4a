/** nginx's own syntax, as its parser reads it: words, quotes, comments, blocks. Files that it includes are not read. */

export interface Statement {
  /** The directive and its values, without quotes. */
  readonly words: readonly string[];
  /** It opens a block. */
  readonly block: boolean;
  /** Offset just after its `;` or `{`. */
  readonly end: number;
  /** The block that it is in; null: none of this text. */
  readonly parent: Statement | null;
}

const space = /\s/;

/** Every statement, in order. What nginx would refuse (a `}` too many, a last word without `;`) is passed over. */
export function statements(text: string): readonly Statement[] {
  const found: Statement[] = [];
  let parent = null as Statement | null;
  let words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const character = text[at] ?? '';
    if (space.test(character)) at++;
    else if (character === '#') at = lineEnd(text, at);
    else if (character === '}') {
      parent = parent?.parent ?? null;
      words = [];
      at++;
    } else if (character === ';' || character === '{') {
      at++;
      const block: boolean = character === '{';
      const statement: Statement = { words, block, end: at, parent };
      if (words.length > 0) found.push(statement);
      if (block) parent = statement;
      words = [];
    } else {
      const word = readWord(text, at);
      words.push(word.text);
      at = word.end;
    }
  }
  return found;
}

const lineEnd = (text: string, from: number): number => {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
};

/** Quotes and comments only begin where a word does; inside one `}`, `#` and quotes are characters like any other. */
function readWord(text: string, from: number): { readonly text: string; readonly end: number } {
  const quote = text[from] === '"' || text[from] === "'" ? text[from] : null;
  let word = '';
  let at = quote === null ? from : from + 1;
  while (at < text.length) {
    const character = text[at] ?? '';
    const next = text[at + 1] ?? '';
    if (character === '\\') {
      word += escapes[next] ?? character + next;
      at += 2;
    } else if (character === '$' && next === '{') {
      // The braces of a variable open no block.
      word += '${';
      at += 2;
    } else if (quote !== null ? character === quote : space.test(character) || ';{'.includes(character)) {
      return { text: word, end: quote === null ? at : at + 1 };
    } else {
      word += character;
      at++;
    }
  }
  return { text: word, end: at };
}

/** The others keep their backslash. */
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  t: '\t',
  r: '\r',
  n: '\n',
};
