/** The schema's issues in plain words: what the key needs, what is there, what was probably meant. */

import { ansibleWord, foreignKey, keepalivedAddress } from './foreign.ts';
import { meant } from './meant.ts';
import { nearest } from './nearest.ts';
import { secretKeys } from './patterns.ts';
import { inventoryJsonSchema } from './schema.ts';
import { dotted, type Path, valueAt, type Violation } from './violation.ts';

/** Why the schema refuses a value; `keys` are the unknown keys when that is the reason. */
export interface Issue {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly keys: readonly string[];
}

interface SchemaNode {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly pattern?: string;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | false;
  readonly propertyNames?: SchemaNode;
}

export function explain(issues: readonly Issue[], value: unknown): Violation[] {
  const root = inventoryJsonSchema() as SchemaNode;
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(root, issue.path, key));
    return [one(root, issue, value)];
  });
}

function one(root: SchemaNode, issue: Issue, value: unknown): Violation {
  const { path } = issue;
  const key = dotted(path);
  const is = valueAt(value, path);
  if (issue.code === 'custom') return { path, message: `${key} ${issue.message}` };
  if (issue.code === 'invalid_key') {
    return {
      path,
      at: 'key',
      message: `${key}: needs ${nodeAt(root, path.slice(0, -1))?.propertyNames?.description ?? 'another name'}`,
    };
  }
  const line = path[0] === 'vips' && path[2] === 'address' ? is : null;
  if (typeof line === 'string' && isIp6(line))
    return { path, message: `${key} is an IPv6 address; haup manages IPv4 VIPs only` };
  const pasted = typeof line === 'string' ? keepalivedAddress(line) : null;
  if (pasted !== null) return { path, message: `${key} ${pasted.message}`, hint: pasted.hint };
  const node = nodeAt(root, path);
  const needs = node?.type === 'boolean' ? 'true or false' : (node?.description ?? 'another value');
  if (is === undefined && path.length > 0) {
    return { path, message: `${key} is missing: it needs ${needs}` };
  }
  if (secretKeys.has(String(path.at(-1))) && is !== null) {
    const name = `HAUP_${String(path.at(-1)).toUpperCase()}`;
    return {
      path,
      message: `${key}: needs ${needs}, never the secret itself`,
      hint: `Write ${String(path.at(-1))}: env:${name} and set ${name} in the environment.`,
    };
  }
  return {
    path,
    message: `${key === '' ? 'the inventory' : `${key}:`} needs ${needs}; this is ${shown(is)}`,
    hint: hintFor(node, is) ?? meant(path, is),
  };
}

const isIp6 = (text: string): boolean => /^[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%\S*)?(\/\d*)?(\s|$)/.test(text);

function hintFor(node: SchemaNode | undefined, is: unknown): string | undefined {
  if (is === null) return 'Give it a value, or remove the key.';
  if (node?.type === 'boolean' && typeof is === 'string' && /^(yes|no|on|off)$/i.test(is)) {
    return `YAML 1.2 has only true and false as booleans; write ${/^(yes|on)$/i.test(is) ? 'true' : 'false'}.`;
  }
  if (node?.type === 'string' && (typeof is === 'number' || typeof is === 'boolean')) {
    const fits = node.pattern === undefined || new RegExp(node.pattern, 'u').test(String(is));
    return fits ? 'Write it in quotes.' : undefined;
  }
  if (node?.type === 'array' && (typeof is === 'string' || typeof is === 'number'))
    return `Write it as a list: [${String(is)
      .trim()
      .split(/[\s,]+/)
      .join(', ')}].`;
  if ((node?.type === 'integer' || node?.type === 'number') && typeof is === 'string' && /^\d+$/.test(is)) {
    return 'Write it without quotes.';
  }
  return undefined;
}

function unknownKey(root: SchemaNode, path: Path, key: string): Violation {
  const here = Object.keys(nodeAt(root, path)?.properties ?? {});
  const variable = ansibleWord(key);
  if (variable !== null) {
    const message = `${dotted([...path, key])} is an Ansible variable`;
    return { path: [...path, key], at: 'key', message, hint: variable };
  }
  const near = nearest(key, here) ?? nearest(key.replaceAll('-', '_'), here);
  const at = {
    path: [...path, key],
    at: 'key',
    message: `${dotted([...path, key])} is not a key of the inventory`,
  } as const;
  const foreign = foreignKey(placeOf(path), key);
  if (foreign !== null) return { ...at, hint: foreign };
  if (near !== null) return { ...at, hint: `Did you mean ${near}?` };
  const elsewhere = placesOf(root, key.replaceAll('-', '_'), '');
  if (elsewhere.length > 0) return { ...at, hint: `Did you mean ${elsewhere.slice(0, 3).join(' or ')}?` };
  return { ...at, hint: `Keys here: ${here.join(', ')}; x-… is free for your own use.` };
}

/** The names of foreign.ts. */
function placeOf(path: Path): string {
  if (path.length === 0) return 'top';
  if (path[0] === 'hosts') return path.length === 2 ? 'host' : String(path[2] ?? '');
  return path[0] === 'vips' && path.length === 2 ? 'vip' : path.length === 1 ? String(path[0]) : '';
}

function placesOf(node: SchemaNode, key: string, at: string): string[] {
  const found: string[] = [];
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const here = at === '' ? name : `${at}.${name}`;
    if (name === key) found.push(here);
    found.push(...placesOf(child, key, here));
  }
  if (node.items) found.push(...placesOf(node.items, key, `${at}[]`));
  if (node.additionalProperties) found.push(...placesOf(node.additionalProperties, key, `${at}.NAME`));
  return found;
}

function nodeAt(root: SchemaNode, path: Path): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  for (const step of path) {
    if (node === undefined) return undefined;
    const named: SchemaNode | undefined = Object.hasOwn(node.properties ?? {}, step)
      ? node.properties?.[step]
      : undefined;
    node = typeof step === 'number' ? node.items : (named ?? (node.additionalProperties || undefined));
  }
  return node;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return value.length > 40 ? `"${value.slice(0, 40)}…"` : `"${value}"`;
  return typeof value === 'number' ? `the number ${value}` : JSON.stringify(value);
}
