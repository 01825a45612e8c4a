/** What a running keepalived reads, whoever wrote it: one text of all its files, and what is in it. Pure. */

import type { HostFacts } from '../model/facts.ts';
import { holdsAddress } from '../cluster/cluster-state.ts';
import type { RunningDaemon } from '../model/running.ts';
import { blockOf, wordsOf } from './vrrp-text.ts';

const deepest = 8;

/** The file that keepalived reads first, with every file that it includes in its place; null: it cannot be read. */
export function wholeText(
  textOf: (path: string) => string | null,
  entry: string,
  known: readonly string[],
  depth = 0,
): string | null {
  const text = textOf(entry);
  if (text === null || depth > deepest) return null;
  const lines = text.split('\n').map((line) => {
    const [, pattern] = /^\s*include[a-z]*\s+["']?([^"'\s#!]+)/.exec(line) ?? [];
    if (pattern === undefined) return line;
    const path = pattern.startsWith('/') ? pattern : `${entry.replace(/[^/]+$/, '')}${pattern}`;
    const matches = globbed(path);
    return known
      .filter((one) => one !== entry && matches.test(one))
      .map((one) => wholeText(textOf, one, known, depth + 1) ?? '')
      .join('\n');
  });
  return lines.join('\n');
}

const globbed = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
  );

export const runningWhole = (facts: HostFacts, { entry, files }: RunningDaemon): string | null =>
  wholeText(
    (path) => {
      const fact = facts.files[path];
      return fact?.state === 'present' ? fact.text : null;
    },
    entry,
    files,
  );

export interface RunningVip {
  readonly address: string;
  readonly instance: string;
  readonly virtualRouterId: string;
}

/** Every address of a vrrp_instance, those outside of its adverts too. */
export function vipsIn(text: string): readonly RunningVip[] {
  return blockOf(wordsOf(text)).blocks.flatMap(({ words: [keyword, instance = ''], block }) => {
    if (keyword !== 'vrrp_instance') return [];
    const virtualRouterId = block.lines.findLast(([word]) => word === 'virtual_router_id')?.[1] ?? '';
    return block.blocks
      .filter(({ words: [word = ''] }) => /^virtual_ipaddress(_excluded)?$/.test(word))
      .flatMap(({ block: { lines } }) =>
        lines.map(([cidr = '']) => ({ address: cidr.split('/')[0] ?? '', instance, virtualRouterId })),
      );
  });
}

/** Load balancing of its own, `10.0.0.1 80`: nothing of haup's does that. */
export const virtualServersIn = (text: string): readonly string[] =>
  blockOf(wordsOf(text)).blocks.flatMap(({ words: [keyword, ...rest] }) =>
    keyword === 'virtual_server' ? [rest.join(' ')] : [],
  );

/** The same with every priority at its lowest, so that any other member takes over while this one still holds. */
export const withLowestPriority = (text: string): string =>
  text.replaceAll(/^(\s*|[^\n#!]*\{\s*)priority\s+\d+/gm, '$1priority 1');

/** The addresses of a host's running keepalived that its kernel has now. */
export const heldByRunning = (facts: HostFacts): readonly string[] =>
  (facts.running ?? [])
    .filter(({ service }) => service === 'keepalived')
    .flatMap((daemon) => vipsIn(runningWhole(facts, daemon) ?? ''))
    .map(({ address }) => address)
    .filter((address) => holdsAddress(facts, address));
