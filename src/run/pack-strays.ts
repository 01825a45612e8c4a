/** Whether a pack keeps to where its build may put files. The hosts ask the same of what reaches them. Pure. */

import { posix } from 'node:path';
import type { BuildRecipe } from '../model/desired.ts';
import { liesIn, packageName, packNotes, packPlaces } from '../base/pack-places.ts';
import { readTar, type TarEntry } from './tar.ts';

/** Null: it does. Else the first thing that is wrong with it, a phrase: `/etc/passwd is not where …`. */
export function strays(pack: Uint8Array, recipe: BuildRecipe): string | null {
  let entries: readonly TarEntry[];
  try {
    entries = readTar(pack);
  } catch (error) {
    return (error as Error).message;
  }
  const kinds = new Map<string, TarEntry['kind']>();
  for (const entry of entries) {
    const path = `/${entry.name.replace(/^\.\//, '').replace(/\/$/, '')}`;
    const wrong = /^(\/(?!\.{1,2}(\/|$))[\w.+@%:,=~-]+)+$/.test(path)
      ? (twice(path, kinds) ?? misplaced(path, entry, recipe))
      : 'is a name that no build has';
    if (wrong !== null) return `${path} ${wrong}`;
    kinds.set(path, entry.kind);
  }
  return null;
}

/** What is unpacked later must not go through, or take the place of, what was unpacked before. */
function twice(path: string, kinds: ReadonlyMap<string, TarEntry['kind']>): string | null {
  if (kinds.has(path)) return 'is in it twice';
  for (let above = posix.dirname(path); above !== '/'; above = posix.dirname(above)) {
    if ((kinds.get(above) ?? 'directory') !== 'directory')
      return `lies below ${above}, which is no directory`;
  }
  return [...kinds.keys()].some((one) => one.startsWith(`${path}/`))
    ? 'comes after what lies below it'
    : null;
}

function misplaced(
  path: string,
  { kind, mode, target, bytes }: TarEntry,
  recipe: BuildRecipe,
): string | null {
  const { directory, names } = packNotes;
  const note = names.find((name) => path === `${directory}/${name}`);
  if (kind === 'directory') {
    return [directory, recipe.prefix].includes(path) || path.startsWith(`${recipe.prefix}/`)
      ? null
      : elsewhere;
  }
  if (note !== undefined) {
    if (kind !== 'file') return 'is not a file';
    return note === 'needs' && !needs.test(Buffer.from(bytes).toString('latin1'))
      ? 'asks for what is no package'
      : null;
  }
  const places = packPlaces(recipe);
  if (!liesIn(path, places)) return elsewhere;
  if (kind === 'link')
    return leadsOut(path, target, (to) => liesIn(to, places)) ? `leads to ${target}` : null;
  if ((mode & 0o7000) !== 0) return 'is setuid, setgid or sticky';
  return (mode & 0o002) !== 0 ? 'may be written by everybody' : null;
}

const elsewhere = 'is not where its ./configure puts files';
const needs = new RegExp(`^(${packageName}\n)*$`);

/** By words alone, which is right where `..` is in front only: then no other link is on the way up. */
function leadsOut(path: string, target: string, allowed: (path: string) => boolean): boolean {
  if (!/^(\/|(\.\.\/)*)(?!\.{1,2}(\/|$))[\w.+@%:,=~-]+(\/(?!\.{1,2}(\/|$))[\w.+@%:,=~-]+)*$/.test(target))
    return true;
  return !allowed(posix.resolve(posix.dirname(path), target));
}
