/** YAML text → plain data and where each value stands. The only importer of the yaml library. */

import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import type { Problem, Source } from './problem.ts';
import type { Path } from './written.ts';

export interface Parsed {
  readonly source: Source;
  /** Maps, lists and scalars without the `x-` keys; null for an empty file or a broken one. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Offsets of the value at a path (or its key), undefined when the file does not write it. */
  readonly locate: (path: Path, at: 'key' | 'value') => Span | undefined;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A well-meant file stays far below; nested anchors that multiply reach it at once. */
const maxAliases = 1000;

/** Never throws: what is wrong with the text is in `problems`. */
export function parseYaml(text: string, file: string): Parsed {
  const nothing = (message: string, hint: string): Parsed => {
    const source = { file, text, hidden: [] };
    return {
      source,
      value: null,
      problems: [{ source, start: 0, end: 0, message, hint }],
      locate: () => undefined,
    };
  };
  try {
    return parse(text, file);
  } catch (error) {
    // The library recurses, and counts aliases, by throwing.
    if (error instanceof RangeError)
      return nothing('is nested too deeply', 'An inventory needs about six levels.');
    if (error instanceof ReferenceError) {
      return nothing(
        'repeats its anchors too often',
        `Aliases (*name) may expand to ${maxAliases} values at most.`,
      );
    }
    throw error;
  }
}

function parse(text: string, file: string): Parsed {
  const document = parseDocument(text, {
    merge: true,
    prettyErrors: false,
    logLevel: 'silent',
    uniqueKeys: true,
  });
  const source: Source = { file, text, hidden: secretSpans(document, text) };
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => {
    const [start, end] = error.pos;
    const [message, hint] = words[error.code] ?? [`is not valid YAML: ${firstLine(error.message)}`];
    return { source, start: Math.min(start, text.length), end, message, hint };
  });
  const broken = document.errors.some((error) => error.code !== 'DUPLICATE_KEY');
  const locate = (path: Path, at: 'key' | 'value'): Span | undefined => spanOf(document, path, at);
  if (broken) return { source, value: null, problems, locate };

  const data: unknown = document.toJS({ maxAliasCount: maxAliases });
  const value = tidy(data, (message) => problems.push({ source, start: 0, end: 0, message }));
  return { source, value, problems, locate };
}

const firstLine = (message: string): string => message.split('\n', 1)[0] ?? '';

/** The errors people meet, in their words; the others keep the library's. */
const words: Readonly<Record<string, readonly [message: string, hint?: string]>> = {
  DUPLICATE_KEY: ['this key is written twice in one map', 'Keep one of the two.'],
  TAB_AS_INDENT: ['a tab indents this line', 'YAML indents with spaces only.'],
  MULTIPLE_DOCS: ['a second document begins here', 'An inventory is one YAML document; remove the line ---.'],
  TAG_RESOLVE_FAILED: [
    'this tag is not known',
    'Secrets are references: env:NAME, file:PATH or cmd:COMMAND.',
  ],
};

/** Drops the keys that begin with `x-`, which are free for anchors and notes, at every level. */
function tidy(data: unknown, report: (message: string) => void): unknown {
  // Aliases share objects: each is walked once.
  const done = new Map<object, unknown>();
  const walk = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const known = done.get(value);
    if (known === pending) {
      report('an alias refers to the value that it is part of');
      return null;
    }
    if (known !== undefined) return known;
    done.set(value, pending);
    const result = Array.isArray(value) ? value.map(walk) : walkMap(value as Record<string, unknown>);
    done.set(value, result);
    return result;
  };
  const walkMap = (map: Record<string, unknown>): Record<string, unknown> => {
    const kept: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(map)) {
      if (key === '__proto__') report('__proto__ can not be a key');
      else if (!key.startsWith('x-')) kept[key] = walk(value);
    }
    return kept;
  };
  return walk(data);
}
const pending = Symbol('pending');

function spanOf(document: Document, path: Path, at: 'key' | 'value'): Span | undefined {
  let node: unknown = document.contents;
  let key: unknown;
  for (const step of path) {
    const inside = isAlias(node) ? node.resolve(document) : node;
    if (isSeq(inside) && typeof step === 'number') {
      key = undefined;
      node = inside.items[step];
    } else if (isMap(inside)) {
      const pair = pairOf(document, inside.items, String(step));
      if (pair === undefined) return undefined;
      key = pair.key;
      node = pair.value;
    } else return undefined;
  }
  // A key without a value has nothing to point at but itself.
  const empty = isScalar(node) && node.source === '';
  const chosen = key !== undefined && (at === 'key' || node === null || empty) ? key : node;
  const range = (chosen as Node | null | undefined)?.range;
  return range ? { start: range[0], end: range[1] } : undefined;
}

/** The pair of a key, also one that comes by a merge (`<<: *name`); a merge of itself ends by `depth`. */
function pairOf(document: Document, pairs: readonly unknown[], key: string, depth = 0): Pair | undefined {
  if (depth > 20) return undefined;
  for (const pair of pairs) {
    if (isPair(pair) && isScalar(pair.key) && String(pair.key.value) === key) return pair;
  }
  for (const pair of pairs) {
    if (!isPair(pair) || !isScalar(pair.key) || pair.key.source !== '<<') continue;
    const from = isSeq(pair.value) ? pair.value.items : [pair.value];
    for (const each of from) {
      const map = isAlias(each) ? each.resolve(document) : each;
      const found = isMap(map) ? pairOf(document, map.items, key, depth + 1) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Where a secret may stand: the value of every key that sounds like one, also of an unknown key. */
function secretSpans(document: Document, text: string): [number, number][] {
  const spans: [number, number][] = [];
  visit(document, {
    Pair(_, pair) {
      const range = (pair.value as Node | null | undefined)?.range;
      if (!range || !isScalar(pair.key) || !secretWord.test(String(pair.key.value))) return;
      const written = text.slice(range[0], range[1]);
      // A reference is no secret, only the default inside it is.
      const reference = /^["']?(?:env:\w+(?::-)?|(?:file|cmd):[^\n]*)/.exec(written);
      spans.push([range[0] + (reference?.[0].length ?? 0), range[1]]);
    },
  });
  // A file with syntax errors has no reliable tree: the rest of such a line is hidden.
  if (document.errors.length > 0) {
    for (const match of text.matchAll(/pass|secret|token/gi)) {
      const colon = text.indexOf(':', match.index);
      const end = text.indexOf('\n', match.index);
      const lineEnd = end === -1 ? text.length : end;
      if (colon !== -1 && colon < lineEnd) spans.push([colon + 1, lineEnd]);
    }
  }
  return spans;
}
const secretWord = /pass|secret|token/i;
