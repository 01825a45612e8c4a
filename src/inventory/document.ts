/** YAML text → plain data, or what is wrong with the text. */

import { type Document, isAlias, isMap, isSeq, type Node, parseDocument, visit } from 'yaml';
import { isMerge, secretSpans, type Offsets, spanOf } from './positions.ts';
import type { Problem, Source } from './problem.ts';
import type { Path } from './violation.ts';

export interface Parsed {
  readonly source: Source;
  /** Maps, lists and scalars without the `x-` keys; null for an empty file or a broken one. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Offsets of the value at a path (or its key), undefined when the file does not write it. */
  readonly locate: (path: Path, at: 'key' | 'value') => Offsets | undefined;
}

/** Far above what a real file needs; nested anchors that multiply reach it at once. */
const maxAliases = 1000;

/** Never throws: `problems` says what is wrong with the text. */
export function parseYaml(text: string, file: string): Parsed {
  try {
    return parse(text, file);
  } catch (error) {
    // The library recurses, and reports an exhausted stack itself only while reading.
    if (!(error instanceof RangeError)) throw error;
    const source: Source = { file, text, hidden: [[0, text.length]] };
    const [message, hint] = tooDeep;
    return {
      source,
      value: null,
      problems: [{ source, start: 0, end: 0, message, hint }],
      locate: () => undefined,
    };
  }
}

function parse(text: string, file: string): Parsed {
  const document = parseDocument(text, {
    merge: true,
    prettyErrors: false,
    logLevel: 'error',
    uniqueKeys: true,
  });
  const source: Source = { file, text, hidden: secretSpans(document, text) };
  // Errors after exhaustion are not the text's fault, and that the stack is exhausted again is no second one.
  const exhausted = document.errors.filter((error) => error.code === 'RESOURCE_EXHAUSTION').slice(0, 1);
  const errors = exhausted.length > 0 ? exhausted : [...document.errors, ...document.warnings];
  const problems: Problem[] = errors.map((error) => {
    const [start, end] = error.pos;
    const [message, hint] = words[error.code] ?? inWords(error.message);
    return { source, start: Math.min(start, text.length), end, message, hint };
  });
  const locate = (path: Path, at: 'key' | 'value'): Offsets | undefined => spanOf(document, path, at);
  const readable = document.errors.every((error) => error.code === 'DUPLICATE_KEY');
  const dangling = readable ? aliasProblems(document, source) : [];
  problems.push(...dangling);
  if (!readable || dangling.length > 0) return { source, value: null, problems, locate };

  try {
    const data: unknown = document.toJS({ maxAliasCount: maxAliases });
    const value = tidy(data, (message) => problems.push({ source, start: 0, end: 0, message }));
    return { source, value, problems, locate };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const [message, hint] = tooOften;
    return {
      source,
      value: null,
      problems: [...problems, { source, start: 0, end: 0, message, hint }],
      locate,
    };
  }
}

/** What `toJS` would throw on, each at its place: aliases without an anchor, merges of something else than a map. */
function aliasProblems(document: Document, source: Source): Problem[] {
  const problems: Problem[] = [];
  const add = (range: readonly number[] | null | undefined, [message, hint]: Words): void => {
    problems.push({ source, start: range?.[0] ?? 0, end: range?.[1] ?? 0, message, hint });
  };
  const target = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  visit(document, {
    Alias(_, alias) {
      const message = `there is no anchor &${alias.source} before this alias`;
      if (target(alias) === undefined)
        add(alias.range, [message, 'An alias repeats an anchor that comes before it.']);
    },
    Pair(_, pair) {
      if (!isMerge(pair)) return;
      const from = target(pair.value);
      const isMerged = isSeq(from) ? from.items.every((each) => isMap(target(each))) : isMap(from);
      if (!isMerged && from !== undefined) add((pair.key as Node).range, noMap);
    },
  });
  return problems;
}

type Words = readonly [message: string, hint?: string];
const tooDeep: Words = ['is nested too deeply', 'An inventory needs about six levels.'];
const tooOften: Words = [
  'repeats its anchors too often',
  `Aliases (*name) may expand to at most ${maxAliases} values.`,
];
const noMap: Words = ['merges (<<) something that is not a map', 'Write <<: *name, where &name marks a map.'];

function inWords(message: string): Words {
  const [first = ''] = message.split('\n', 1);
  const closing = /^Flow (?:map|sequence).* end with a (.)$/.exec(first)?.[1];
  if (closing === undefined) return [`is not valid YAML: ${first}`];
  return [
    `a ${closing === '}' ? '{' : '['} has no ${closing}`,
    `Close it with ${closing}, and indent its contents.`,
  ];
}

/** Common errors in plain words; the others keep the library's message. */
const words: Readonly<Record<string, Words>> = {
  DUPLICATE_KEY: ['this key appears twice in one map', 'Keep one of the two.'],
  TAB_AS_INDENT: ['this line is indented with a tab', 'YAML allows only spaces.'],
  MULTIPLE_DOCS: ['a second document begins here', 'An inventory is one YAML document; remove the line ---.'],
  RESOURCE_EXHAUSTION: tooDeep,
  TAG_RESOLVE_FAILED: ['this tag is unknown', 'Secrets are references: env:NAME, file:PATH or cmd:COMMAND.'],
};

/** Drops keys that begin with `x-`, at every level: they are free for anchors and notes. */
function tidy(data: unknown, report: (message: string) => void): unknown {
  // Aliases share objects: each is walked once.
  const done = new Map<object, unknown>();
  const walk = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const known = done.get(value);
    if (known === pending) {
      report('an alias refers to a value that contains it');
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
      if (key === '__proto__') report('__proto__ cannot be a key');
      else if (!key.startsWith('x-')) kept[key] = walk(value);
    }
    return kept;
  };
  return walk(data);
}
const pending = Symbol('pending');
