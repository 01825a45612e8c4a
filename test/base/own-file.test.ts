import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { assertOwnDirectory, readOwn, sayOfOthers, writeOwn, writeWhole } from '../../src/base/own-file.ts';
import { HaupError } from '../../src/model/errors.ts';
import { scratchDirectory } from '../scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchDirectory();
});
const somebody = 4711;

const refusal = async (asked: Promise<unknown>): Promise<string> => {
  const error: unknown = await asked.catch((e: unknown) => e);
  if (!(error instanceof HaupError)) throw new Error('it was not refused', { cause: error });
  expect(error.code).toBe('UNTRUSTED_FILE');
  return error.message.replaceAll(root, '');
};

describe('writing', () => {
  test('a file comes whole, for its owner alone, and nothing else is left', async () => {
    await writeOwn(join(root, 'a/b'), 'f', 'one');
    await writeWhole(join(root, 'a/b/f'), 'two');
    expect(readFileSync(join(root, 'a/b/f'), 'utf8')).toBe('two');
    expect(statSync(join(root, 'a/b/f')).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, 'a/b')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(root, 'a/b'))).toEqual(['f']);
  });

  test('a link that lies there is replaced, and what it leads to is untouched', async () => {
    writeFileSync(join(root, 'theirs'), 'theirs');
    symlinkSync('theirs', join(root, 'f'));
    symlinkSync('theirs', join(root, 'f.part'));
    await writeWhole(join(root, 'f'), 'ours');
    expect(readFileSync(join(root, 'theirs'), 'utf8')).toBe('theirs');
    expect(readFileSync(join(root, 'f'), 'utf8')).toBe('ours');
  });

  test('what cannot be written leaves nothing', async () => {
    mkdirSync(join(root, 'f'));
    await expect(writeWhole(join(root, 'f'), 'ours')).rejects.toThrow(/EISDIR|ENOTEMPTY/);
    expect(readdirSync(root)).toEqual(['f']);
  });
});

describe('reading only what nobody else could have written', () => {
  beforeEach(() => {
    mkdirSync(join(root, 'd'));
    writeFileSync(join(root, 'd/f'), 'mine', { mode: 0o600 });
  });
  const read = () => readOwn(join(root, 'd/f'), 'the file');

  test('a file of my own is read, also by way of a link of my own to its directory', async () => {
    expect((await read()).toString()).toBe('mine');
    symlinkSync('d', join(root, 'link'));
    expect((await readOwn(join(root, 'link/f'), 'the file')).toString()).toBe('mine');
  });

  test.each([
    ['owner', () => chownSync(join(root, 'd/f'), somebody, 0), '/d/f belongs to another user (uid 4711)'],
    ['everybody', () => chmodSync(join(root, 'd/f'), 0o602), '/d/f may be written by everybody'],
    ['group', () => chmodSync(join(root, 'd/f'), 0o660), '/d/f may be written by its group'],
    ["the directory's owner", () => chownSync(join(root, 'd'), somebody, 0), '/d belongs to another user'],
    ["the directory's group", () => chmodSync(join(root, 'd'), 0o775), '/d may be written by its group'],
    ['the directory above', () => chmodSync(root, 0o777), ' may be written by everybody'],
    ['the owner of the directory above', () => chownSync(root, somebody, 0), ' belongs to another user'],
  ])('refused by its %s', async (_name, change, says) => {
    change();
    expect(await refusal(read())).toContain(`the file is not used: ${says}`);
  });

  test('in a sticky directory what lies there counts alone', async () => {
    chmodSync(root, 0o1777);
    expect((await read()).toString()).toBe('mine');
    chownSync(join(root, 'd'), somebody, 0);
    expect(await refusal(read())).toContain('/d belongs to another user');
  });

  test('a link in place of the file, and a link of somebody else on the way', async () => {
    symlinkSync('f', join(root, 'd/link'));
    expect(await refusal(readOwn(join(root, 'd/link'), 'the file'))).toContain('/d/link is a symbolic link');
    symlinkSync('d', join(root, 'way'));
    lchownSync(join(root, 'way'), somebody, 0);
    expect(await refusal(readOwn(join(root, 'way/f'), 'the file'))).toContain('/way belongs to another user');
  });

  test('a link of my own into a directory where others may write', async () => {
    mkdirSync(join(root, 'open'));
    chmodSync(join(root, 'open'), 0o777);
    writeFileSync(join(root, 'open/f'), 'anybody');
    symlinkSync('open', join(root, 'way'));
    expect(await refusal(readOwn(join(root, 'way/f'), 'the file'))).toContain(
      '/open may be written by everybody',
    );
  });

  test('links without an end, and what is no file', async () => {
    symlinkSync('b', join(root, 'a'));
    symlinkSync('a', join(root, 'b'));
    expect(await refusal(readOwn(join(root, 'a/f'), 'the file'))).toContain('too many links');
    expect(await refusal(readOwn(join(root, 'd'), 'the file'))).toContain('is no regular file');
  });

  test('a directory that is not there yet is nobody else’s', async () => {
    await assertOwnDirectory(join(root, 'd/e/f'), 'the store');
    expect(existsSync(join(root, 'd/e'))).toBe(false);
    chmodSync(join(root, 'd'), 0o777);
    expect(await refusal(assertOwnDirectory(join(root, 'd/e/f'), 'the store'))).toContain('by everybody');
  });
});

test('who is no root trusts himself and root', () => {
  const facts = (uid: number, mode: number) => ({
    uid,
    mode,
    isDirectory: () => false,
    isFile: () => true,
    isSymbolicLink: () => false,
  });
  expect(sayOfOthers(facts(1000, 0o600), 1000)).toBeNull();
  expect(sayOfOthers(facts(0, 0o644), 1000)).toBeNull();
  expect(sayOfOthers(facts(1001, 0o600), 1000)).toMatch(/another user/);
});
