/**
 * The program's files, compiled: V8's code cache for one command, kept in a directory that only its owner can write,
 * since whoever writes there decides what haup runs. Node 20 has no such cache, and that of later ones is in /tmp.
 */

import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** By file name. */
export type Compiled = ReadonlyMap<string, Buffer>;

/** Where the cache of this user is; null: nowhere, when the home directory is not the user's own, as under sudo. */
export function cacheFile(command: string, env: NodeJS.ProcessEnv, me: number): string | null {
  const base = env['XDG_CACHE_HOME'] ?? env['HOME'];
  if (base === undefined || !base.startsWith('/') || env['NODE_DISABLE_COMPILE_CACHE'] === '1') return null;
  try {
    if (statSync(base).uid !== me) return null;
  } catch {
    return null;
  }
  return `${env['XDG_CACHE_HOME'] ?? `${base}/.cache`}/haup/code/${command}`;
}

/** What was compiled by the program that `key` names; empty: nothing, or what another user could have written. */
export function readCompiled(file: string, key: string, me: number): Compiled {
  const found = new Map<string, Buffer>();
  let opened: number | null = null;
  try {
    if (!ownAlone(lstatSync(dirname(file)), me)) return found;
    opened = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const facts = fstatSync(opened);
    if (!facts.isFile() || !ownAlone(facts, me)) return found;
    const all = readFileSync(opened);
    const end = all.indexOf('\n');
    const [written, ...sizes] = all.toString('utf8', 0, Math.max(end, 0)).split('\t');
    if (written !== key) return found;
    let at = end + 1;
    for (const entry of sizes) {
      const [name = '', size = ''] = entry.split(' ');
      const next = at + Number(size);
      found.set(name, all.subarray(at, next));
      at = next;
    }
    return at === all.length ? found : new Map();
  } catch {
    return new Map();
  } finally {
    if (opened !== null) closeSync(opened);
  }
}

/** Keeps it for the next time. That it cannot be kept costs that time, and no more. */
export function writeCompiled(file: string, key: string, compiled: Compiled, me: number): void {
  const partial = `${file}.${process.pid}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (!ownAlone(lstatSync(dirname(file)), me)) return;
    const sizes = [...compiled].map(([name, bytes]) => `${name} ${bytes.length}`);
    const head = Buffer.from(`${[key, ...sizes].join('\t')}\n`);
    writeFileSync(partial, Buffer.concat([head, ...compiled.values()]), { flag: 'wx', mode: 0o600 });
    renameSync(partial, file);
  } catch {
    try {
      unlinkSync(partial);
    } catch {}
  }
}

/** Only this user can write it, or replace what is in it. A link is not followed: its mode fails the test. */
const ownAlone = ({ uid, mode }: { readonly uid: number; readonly mode: number }, me: number): boolean =>
  uid === me && (mode & 0o022) === 0;
