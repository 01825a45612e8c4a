import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { cacheFile, readCompiled, writeCompiled } from '../../src/launch/code-cache.ts';
import { scratchDirectory } from '../scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchDirectory();
});
const me = process.geteuid?.() ?? 0;

describe('compiled code', () => {
  const compiled = new Map([
    ['program.js', Buffer.from('\n\t one\0')],
    ['core.js', Buffer.alloc(0)],
  ]);
  const file = (): string => join(root, 'cache/haup/code/render');
  beforeEach(() => writeCompiled(file(), 'build 1', compiled, me));
  const read = (key = 'build 1', by = me): number => readCompiled(file(), key, by).size;

  test('is what was written, for its owner alone', () => {
    expect(readCompiled(file(), 'build 1', me)).toEqual(compiled);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, 'cache/haup/code')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(root, 'cache/haup/code'))).toEqual(['render']);
  });

  test('is not used by another build or another Node', () => expect(read('build 2')).toBe(0));

  test.each([
    ['its group may write it', () => chmodSync(file(), 0o620)],
    ['everybody may write it', () => chmodSync(file(), 0o602)],
    ['its directory may be written by the group', () => chmodSync(join(root, 'cache/haup/code'), 0o770)],
    [
      'it is a link',
      () => {
        renameSync(file(), join(root, 'elsewhere'));
        symlinkSync(join(root, 'elsewhere'), file());
      },
    ],
    [
      'its directory is a link',
      () => {
        renameSync(join(root, 'cache/haup/code'), join(root, 'elsewhere'));
        symlinkSync(join(root, 'elsewhere'), join(root, 'cache/haup/code'));
      },
    ],
    ['it is cut short', () => writeFileSync(file(), readFileSync(file()).subarray(0, -1))],
    ['it is empty', () => writeFileSync(file(), '')],
    ['it is not there', () => rmSync(file())],
    ['it is a directory', () => (rmSync(file()), mkdirSync(file()))],
  ])('is not used when %s', (_why, spoil) => {
    expect(read()).toBe(2);
    spoil();
    expect(read()).toBe(0);
  });

  test('is not used when it belongs to another user', () => {
    expect(read('build 1', me + 1)).toBe(0);
  });

  test('is not written into a directory of another user', () => {
    writeCompiled(file(), 'build 2', compiled, me + 1);
    expect(read()).toBe(2);
    expect(readdirSync(join(root, 'cache/haup/code'))).toEqual(['render']);
  });
});

test('the cache of the builds used last is kept', () => {
  const directory = join(root, 'haup/code');
  for (const build of [1, 2, 3, 4, 5, 6]) {
    const file = join(directory, `render-${build}`);
    writeCompiled(file, `${build}`, new Map(), me);
    utimesSync(file, build, build);
  }
  writeCompiled(join(directory, 'plan-1'), '1', new Map(), me);
  expect(readdirSync(directory).sort()).toEqual(['plan-1', 'render-3', 'render-4', 'render-5', 'render-6']);
});

test('the cache is in the home directory of the user alone, or where XDG_CACHE_HOME says', () => {
  expect(cacheFile('render', 'a1 v20 x64', { HOME: root }, me)).toBe(
    join(root, '.cache/haup/code/render-a1-v20-x64'),
  );
  expect(cacheFile('render', 'a1 v20 x64', { HOME: '/nowhere', XDG_CACHE_HOME: root }, me)).toBe(
    join(root, 'haup/code/render-a1-v20-x64'),
  );
  // As under sudo -E.
  expect(cacheFile('render', 'a1 v20 x64', { HOME: root }, me + 1)).toBeNull();
  expect(cacheFile('render', 'a1 v20 x64', { HOME: 'relative' }, me)).toBeNull();
  expect(cacheFile('render', 'a1 v20 x64', { HOME: join(root, 'missing') }, me)).toBeNull();
  expect(cacheFile('render', 'a1 v20 x64', {}, me)).toBeNull();
  expect(cacheFile('render', 'a1 v20 x64', { HOME: root, NODE_DISABLE_COMPILE_CACHE: '1' }, me)).toBeNull();
});

describe('haup as it is built', () => {
  const bin = join(import.meta.dirname, '../../dist/bin.js');
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [bin, ...args], {
      env: { ...process.env, XDG_CACHE_HOME: root, NODE_DISABLE_COMPILE_CACHE: '' },
      encoding: 'utf8',
    });
  /** Their commands; the rest of a name says which build of which Node. */
  const kept = (): readonly string[] => files().map((name) => name.replace(/-[0-9a-f]{16}-v[\d.]+-\w+$/, ''));
  const files = (): readonly string[] =>
    existsSync(join(root, 'haup/code')) ? readdirSync(join(root, 'haup/code')).sort() : [];
  const only = (): string => join(root, 'haup/code', files()[0] ?? '');

  test('keeps what a command compiled, once, and says the same from it', () => {
    const first = run('history', '--help');
    expect(first.stdout).toMatch(/^Usage: haup history/);
    expect(kept()).toEqual(['history']);
    const written = statSync(only()).mtimeMs;
    const second = run('history', '--help');
    expect({ ...second, pid: 0 }).toEqual({ ...first, pid: 0 });
    expect(statSync(only()).mtimeMs).toBe(written);
  });

  test('replaces what V8 refuses', () => {
    const { stdout } = run('history', '--help');
    const file = only();
    const whole = readFileSync(file);
    const spoilt = Buffer.from(whole);
    spoilt.fill(0, whole.indexOf('\n') + 1);
    writeFileSync(file, spoilt);
    expect(run('history', '--help').stdout).toBe(stdout);
    expect(readFileSync(file).equals(spoilt)).toBe(false);
  });

  test('keeps nothing of a command that there is not', () => {
    expect(run('nonsense').status).toBe(2);
    expect(kept()).toEqual([]);
  });

  test('--version loads no program and keeps nothing', () => {
    const { stdout } = run('--version');
    expect(stdout).toBe(`haup 0.1.0 (node ${process.versions.node}, ${process.platform} ${process.arch})\n`);
    expect(run('-V').stdout).toBe(stdout);
    expect(kept()).toEqual([]);
    // What the whole program says of itself.
    expect(run('--version', '--no-color').stdout).toBe(stdout);
  });
});
