/**
 * Files of the operator's machine that decide what root does on hosts: written so that no other user can slip a file
 * in, and read only where no one but the operator and root could have written them.
 */

import { randomBytes } from 'node:crypto';
import type { BigIntStats, Stats } from 'node:fs';
import { constants, lstat, mkdir, open, readlink, rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HaupError } from '../model/errors.ts';

/** Writes a file as a whole or not at all, for its owner alone. The name that it has until then cannot be guessed. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  const partial = `${path}.${randomBytes(12).toString('hex')}.part`;
  const file = await open(partial, 'wx', 0o600);
  try {
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  }
}

/** The same in a directory of haup's own, which is made, for its owner alone, where it is missing. */
export async function writeOwn(directory: string, name: string, data: string | Uint8Array): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeWhole(join(directory, name), data);
}

/** A file or directory, as `lstat` has it. */
type Facts = Pick<Stats | BigIntStats, 'uid' | 'mode' | 'isDirectory' | 'isFile' | 'isSymbolicLink'>;

/**
 * Why others than `me` and root could have a say in it; null: they could not. Pure. In a sticky directory each may
 * change only what is his own, so what lies there counts alone.
 */
export function sayOfOthers(facts: Facts, me: number): string | null {
  const uid = Number(facts.uid);
  const mode = Number(facts.mode);
  if (uid !== me && uid !== 0) return `belongs to another user (uid ${uid})`;
  // The mode of a link says nothing.
  if (facts.isSymbolicLink() || (facts.isDirectory() && (mode & 0o1000) !== 0)) return null;
  if ((mode & 0o002) !== 0) return 'may be written by everybody';
  return (mode & 0o020) !== 0 ? 'may be written by its group' : null;
}

/** @throws HaupError UNTRUSTED_FILE, when another user could change what lies below `directory`. */
export async function assertOwnDirectory(directory: string, what: string): Promise<void> {
  await walk(resolve(directory), what, 0);
}

/**
 * The text of a file that only this user and root could have written. A link is refused.
 * @throws HaupError UNTRUSTED_FILE
 */
export async function readOwn(path: string, what: string): Promise<Buffer> {
  const place = resolve(path);
  await assertOwnDirectory(dirname(place), what);
  const file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (cause: NodeJS.ErrnoException) => {
      throw cause.code === 'ELOOP' ? untrusted(what, place, 'is a symbolic link') : cause;
    },
  );
  try {
    const facts = await file.stat();
    const why = facts.isFile() ? sayOfOthers(facts, myId()) : 'is no regular file';
    if (why !== null) throw untrusted(what, place, why);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Every directory on the way, and every link that leads there, is looked at: who may change one has a say in the end. */
async function walk(path: string, what: string, links: number): Promise<void> {
  if (links > 40) throw untrusted(what, path, 'is reached by too many links');
  let at = '/';
  const steps = path.split('/').filter((step) => step !== '');
  for (const [index, step] of ['', ...steps].entries()) {
    at = join(at, step);
    const facts = await lstat(at).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return null;
      throw cause;
    });
    // What is not there yet is made by haup.
    if (facts === null) return;
    const why = sayOfOthers(facts, myId());
    if (why !== null) throw untrusted(what, at, why);
    if (facts.isSymbolicLink()) {
      const target = resolve(dirname(at), await readlink(at));
      return walk(join(target, ...steps.slice(index)), what, links + 1);
    }
  }
}

const myId = (): number => process.geteuid?.() ?? 0;

function untrusted(what: string, path: string, why: string): HaupError {
  return new HaupError('UNTRUSTED_FILE', `${what} is not used: ${path} ${why}.`, {
    hint: `Whoever can write ${what} becomes root on the hosts. ${remedy(path, why)}`,
  });
}

function remedy(path: string, why: string): string {
  if (why.startsWith('may be written')) return `Find out who could, then: chmod go-w '${path}'`;
  if (why.startsWith('belongs')) return 'Create it again in a directory of your own.';
  return 'Name the file itself, in a directory of your own.';
}
