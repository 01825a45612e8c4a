/** Packages, as dpkg, rpm and the package managers print them. */

import type { Answer } from './read-answer.ts';

/** Name → version. `records`: name, state and version. */
export const parseInstalled = (records: readonly (readonly string[])[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    records.flatMap(([name = '', state, version = '']) => (state === 'installed' ? [[name, version]] : [])),
  );

/** Name → version that would be installed. */
export function parseOffered({ output }: Answer): Readonly<Record<string, string>> {
  const offered: Record<string, string> = {};
  let name = '';
  // A package by its name, then its versions below.
  for (const line of output('apt-cache')) {
    const [, candidate] = /^ +Candidate: (.*)$/.exec(line) ?? [];
    if (candidate !== undefined && candidate !== '(none)') offered[name] = candidate;
    else if (/^\S+:$/.test(line)) name = line.slice(0, -1);
  }
  // Rows of name.arch, version and repository; yum has a heading of two words above them.
  for (const line of output('dnf')) {
    const [full = '', version = '', repository] = line.trim().split(/\s+/);
    if (repository !== undefined) offered[full.replace(/\.[^.]*$/, '')] = version;
  }
  return offered;
}
