/** Why a file that the operator names cannot be written, in words. */

import { randomBytes } from 'node:crypto';
import { lstat, open, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HaupError } from '../model/errors.ts';

/**
 * Null: a file can be written at `place`. Tried, since permissions alone do not tell of a read-only or a full file system.
 * The inventory is never replaced: `-o` and `--report` are easily taken for the option that names it.
 */
export async function outputObstacle(place: string, inventory: string): Promise<string | null> {
  const facts = await lstat(place).catch(() => null);
  if (facts?.isDirectory() === true) return 'it is a directory';
  const read = await stat(inventory).catch(() => null);
  if (facts !== null && facts.ino === read?.ino && facts.dev === read.dev) return 'it is the inventory';
  // A rename would replace a device or a link, not what it leads to.
  if (facts !== null && !facts.isFile()) return 'it is not a regular file';
  const trial = `${place}.${randomBytes(12).toString('hex')}.part`;
  try {
    await (await open(trial, 'wx', 0o600)).close();
    await unlink(trial);
    return null;
  } catch (error) {
    return reasonFor(error, dirname(place));
  }
}

/** An error of the file system as a USAGE error; any other as it is. */
export function unwritable(flag: string, path: string, error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new HaupError('USAGE', `${flag} ${path} cannot be written: ${reasonFor(error, directory)}.`, {
    cause: error,
    hint: 'Name a place that you may write to.',
  });
}

function reasonFor(error: unknown, directory: string): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  return (reasons[code] ?? (() => code))(directory);
}

const reasons: Readonly<Record<string, (directory: string) => string>> = {
  ENOENT: (directory) => `there is no directory ${directory}`,
  ENOTDIR: (directory) => `${directory} is not a directory`,
  EEXIST: (directory) => `${directory} is not a directory`,
  EISDIR: (directory) => `a file that belongs in ${directory} is a directory there`,
  EACCES: (directory) => `permission denied in ${directory}`,
  EPERM: (directory) => `permission denied in ${directory}`,
  EROFS: (directory) => `${directory} is on a read-only file system`,
  ENOSPC: (directory) => `no space is left in ${directory}`,
  EDQUOT: (directory) => `the disk quota is used up in ${directory}`,
  ENAMETOOLONG: () => 'the name is too long',
};
