/** Where the values of a YAML document are, and which of them must not be shown. */

import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, visit } from 'yaml';
import type { Path } from './violation.ts';

export interface Offsets {
  readonly start: number;
  readonly end: number;
}

/** `<<`, unquoted. */
export const isMerge = ({ key }: Pair): boolean =>
  isScalar(key) && key.source === '<<' && key.type === 'PLAIN';

/** Offsets of the value at a path, or of its key; undefined when the document does not write it. */
export function spanOf(document: Document, path: Path, at: 'key' | 'value'): Offsets | undefined {
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
  // Without a value, point at the key.
  const empty = isScalar(node) && node.source === '';
  const chosen = key !== undefined && (at === 'key' || node === null || empty) ? key : node;
  const range = (chosen as Node | null | undefined)?.range;
  return range ? { start: range[0], end: range[1] } : undefined;
}

/** The pair of a key, also one that comes by a merge (`<<: *name`); `depth` ends a merge with itself. */
function pairOf(document: Document, pairs: readonly unknown[], key: string, depth = 0): Pair | undefined {
  if (depth > 20) return undefined;
  for (const pair of pairs) {
    if (isPair(pair) && isScalar(pair.key) && String(pair.key.value) === key) return pair;
  }
  for (const pair of pairs) {
    if (!isPair(pair) || !isMerge(pair)) continue;
    const from = isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
    for (const each of isSeq(from) ? from.items : [from]) {
      const map = isAlias(each) ? each.resolve(document) : each;
      const found = isMap(map) ? pairOf(document, map.items, key, depth + 1) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Where a secret may be: the value of every key that sounds like one, even an unknown key. */
export function secretSpans(document: Document, text: string): [number, number][] {
  const spans: [number, number][] = [];
  visit(document, {
    Pair(_, pair) {
      const range = (pair.value as Node | null | undefined)?.range;
      if (!range || !isScalar(pair.key) || !secretWord.test(String(pair.key.value))) return;
      const written = text.slice(range[0], range[1]);
      // A reference is not a secret, but the default inside it is.
      const reference = /^(["']?)(?:env:\w+(?::-)?|(?:file|cmd):[^\n]*)/.exec(written);
      const closing = reference?.[1] && written.endsWith(reference[1]) ? 1 : 0;
      const span: [number, number] = [range[0] + (reference?.[0].length ?? 0), range[1] - closing];
      if (span[0] < span[1]) spans.push(span);
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
