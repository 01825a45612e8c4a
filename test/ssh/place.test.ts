import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PackageManager } from '../../src/model/package-manager.ts';
import { stateDirectory } from '../../src/model/layout.ts';
import { straysStatus } from '../../src/ssh/builds/confine-pack.ts';
import { placeBuild } from '../../src/ssh/builds/pack-build.ts';
import { honest, hostile, type Member, packOf, recipeOf } from '../fakes/packs.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchDirectory();
  for (const name of ['state', 'bin', 'etc', 'local']) mkdirSync(join(root, name));
});
const prefix = (): string => `${root}/local/keepalived`;
const sysconf = (): string => `${root}/etc`;

/** Puts a pack in place with a real sh and a real tar; the host's own state lies below the root of the test. */
function placed(
  pack: Uint8Array,
  tar: string,
  manager: PackageManager | null = null,
): { readonly code: number | null; readonly said: string } {
  const recipe = recipeOf(prefix(), sysconf());
  const action = { do: 'place-build', recipe, pack: { key: 'k', stamp: 'stamp', manager } } as const;
  const { script, meaning } = placeBuild(action, pack, 0);
  expect(meaning?.[straysStatus]?.code).toBe('INSTALL_FAILED');
  putProgram(join(root, 'bin/tar'), `exec ${tar} "$@"`);
  const { status, stderr } = spawnSync(
    '/bin/sh',
    ['-c', script.replaceAll(stateDirectory, `${root}/state`)],
    {
      input: pack,
      cwd: '/',
      env: { LC_ALL: 'C', PATH: `${root}/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
    },
  );
  return { code: status, said: stderr.toString('latin1').replaceAll(root, '') };
}
const withMore = (...more: readonly Member[]): Buffer => packOf([...honest(prefix(), sysconf()), ...more]);
const everything = (): string =>
  execFileSync('find', [root, '-path', `${root}/bin`, '-prune', '-o', '-printf', '%P %y %m %l\n'], {
    encoding: 'utf8',
  });

describe.each([
  ['GNU tar', '/usr/bin/tar'],
  ['the tar of busybox', '/usr/bin/busybox tar'],
])('with %s', (_name, tar) => {
  test('what a build has is put in place, and nothing is left of the way there', () => {
    expect(placed(withMore(), tar)).toEqual({ code: 0, said: '' });
    expect(readFileSync(`${prefix()}/sbin/keepalived`, 'utf8')).toBe('#!/bin/sh\n');
    expect(readlinkSync(`${prefix()}/bin/genhash`)).toBe('../sbin/keepalived');
    expect(readFileSync(`${prefix()}/.haup-build.keepalived`, 'utf8')).toBe('stamp');
    expect(existsSync(`${sysconf()}/sysconfig/keepalived`)).toBe(true);
    expect(existsSync(`${root}/state/build`)).toBe(false);
  });

  // Names hold the root of each test, which is not known yet.
  const names = hostile('/p', '/s').map(([name], index) => [name, index] as const);
  test.each(names)('refused, and nothing is touched: %s', (_case, index) => {
    const [, members = []] = hostile(prefix(), sysconf())[index] ?? [];
    const before = everything();
    const { code, said } = placed(withMore(...members), tar);
    // A tar that refuses by itself is as good.
    expect([straysStatus, 1, 2]).toContain(code);
    expect(said).toMatch(code === straysStatus ? / (is|are|leads to|removing|Removing) / : /^tar: /);
    expect(everything()).toBe(before);
    expect(existsSync('/etc/cron.d/x')).toBe(false);
  });

  test.each([
    ['an option in place of a package', '-oDpkg::Pre-Invoke::=x\n'],
    ['a removal', 'openssh-server-\n'],
  ])('refused: needs that are %s', (_case, text) => {
    const members = honest(prefix(), sysconf());
    const before = everything();
    const pack = packOf(members.map((one) => (one.name.endsWith('needs') ? { ...one, text } : one)));
    expect(placed(pack, tar)).toMatchObject({
      code: straysStatus,
      said: expect.stringMatching(/no names of packages/),
    });
    expect(everything()).toBe(before);
  });
});

test('what an earlier build had put there goes with the next one, and what it took the place of comes back', () => {
  const tar = '/usr/bin/tar';
  mkdirSync(`${prefix()}/sbin`, { recursive: true });
  writeFileSync(`${prefix()}/sbin/old`, 'theirs');
  const old = ['old', 'new'].map((name) => ({ name: `.${prefix()}/sbin/${name}`, text: 'ours' }));
  expect(placed(withMore(...old), tar).code).toBe(0);
  expect(readFileSync(`${prefix()}/sbin/old`, 'utf8')).toBe('ours');
  expect(placed(withMore(), tar).code).toBe(0);
  expect(readFileSync(`${prefix()}/sbin/old`, 'utf8')).toBe('theirs');
  expect(existsSync(`${prefix()}/sbin/new`)).toBe(false);
});

test.each([
  ['installed', 'exit 0', 0],
  ['and nothing is put in place if that fails', 'exit 1', 1],
])('the packages that a build lacks are %s', (_how, ends, code) => {
  for (const [name, text] of [
    ['ldd', `echo 'libc.so.6 => not found'`],
    ['rpm', ':'],
    ['dnf', `echo "$*" >> ${root}/called\n${ends}`],
  ] as const)
    putProgram(join(root, 'bin', name), text);
  expect(placed(withMore(), '/usr/bin/tar', 'dnf').code).toBe(code);
  expect(readFileSync(`${root}/called`, 'utf8')).toContain(' install libc6 libstdc++6\n');
  expect(existsSync(prefix())).toBe(code === 0);
});

describe('what is in the way on the host', () => {
  const tar = '/usr/bin/tar';
  test('a link that root has laid is the wish of whoever runs the host', () => {
    mkdirSync(`${root}/disk`);
    symlinkSync('../disk', prefix());
    expect(placed(withMore(), tar)).toEqual({ code: 0, said: '' });
    expect(existsSync(`${root}/disk/sbin/keepalived`)).toBe(true);
  });

  test('a link that another user has laid is refused', () => {
    mkdirSync(`${root}/disk`);
    mkdirSync(prefix());
    symlinkSync('../../disk', `${prefix()}/sbin`);
    lchownSync(`${prefix()}/sbin`, 4711, 4711);
    const before = everything();
    expect(placed(withMore(), tar)).toEqual({
      code: straysStatus,
      said: '/local/keepalived/sbin is a link that another user has laid\n',
    });
    expect(everything()).toBe(before);
  });

  test('a directory where a file should be is refused', () => {
    mkdirSync(`${prefix()}/sbin/keepalived`, { recursive: true });
    expect(placed(withMore(), tar)).toMatchObject({
      code: straysStatus,
      said: '/local/keepalived/sbin/keepalived is a directory here\n',
    });
  });

  test('a link in place of a file goes, and what it leads to is untouched', () => {
    mkdirSync(`${prefix()}/sbin`, { recursive: true });
    writeFileSync(`${root}/theirs`, 'theirs');
    for (const name of ['keepalived', 'keepalived.haup-new'])
      symlinkSync(`${root}/theirs`, `${prefix()}/sbin/${name}`);
    expect(placed(withMore(), tar)).toEqual({ code: 0, said: '' });
    expect(readFileSync(`${root}/theirs`, 'utf8')).toBe('theirs');
    expect(lstatSync(`${prefix()}/sbin/keepalived`).isFile()).toBe(true);
    expect(readdirSync(`${prefix()}/sbin`)).toEqual(['keepalived']);
  });
});
