/** nginx's configuration out of its files, as one text. */

import type { NginxSoftware } from '../model/domain.ts';

/** Includes are replaced by what they include; unknown files stay `include`. Null: not even `entry` is known. */
export function wholeText(entry: string, files: ReadonlyMap<string, string>): string | null {
  const directory = entry.replace(/[^/]+$/, '');
  const expand = (text: string, depth: number): string =>
    text.replace(/^([ \t]*)include\s+([^\s;"']+)\s*;/gm, (line, indent: string, pattern: string) => {
      const path = pattern.startsWith('/') ? pattern : directory + pattern;
      const found = [...files].filter(([name]) => matches(path, name));
      if (depth > deepest || found.length === 0) return line;
      return found.map(([, one]) => `${indent}\n${expand(one, depth + 1)}\n`).join('');
    });
  const text = files.get(entry);
  return text === undefined ? null : expand(text, 0);
}

const deepest = 8;

/** A file name with `*`, as nginx's include has it. */
const matches = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`).test(path);

/** What it serves, in the form of an inventory's sites. */
export function sitesIn(text: string): Pick<NginxSoftware, 'sites'> {
  const serves = { kind: 'file', path: '', text } as const;
  return { sites: [{ name: 'nginx', listen: [], serverNames: [], serves }] };
}
