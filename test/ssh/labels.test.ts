import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { toJob } from '../../src/ssh/actions.ts';
import { shells } from '../shells.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

describe.each(shells)('by %s', (_shell, program, args) => {
  let root: string;
  beforeEach(() => {
    root = scratchDirectory();
    mkdirSync(join(root, 'bin'));
    for (const name of ['restorecon', 'chcon'])
      putProgram(join(root, 'bin', name), `echo ${name} "$@" >> ${root}/called`);
  });

  const store = {
    tarball: () => new Uint8Array(),
    pack: () => new Uint8Array(),
  };
  /** Puts a file there as an apply does, the host's own state being below the root of the test. */
  function put(path: string): readonly string[] {
    const [bytes, owner] = [Buffer.from('x\n'), `${process.getuid?.()}:${process.getgid?.()}`];
    const file = { path, bytes, mode: 0o755, owner, secret: false, expect: 'any' };
    const { script, stdin = '' } = toJob({ do: 'put-files', files: [file] }, store);
    execFileSync(program, [...args, '-c', script.replaceAll('/var/lib/haup', `${root}/state`)], {
      input: stdin,
      env: { PATH: `${root}/bin:/usr/bin:/bin` },
    });
    expect(readFileSync(path, 'utf8')).toBe('x\n');
    return existsSync(`${root}/called`)
      ? readFileSync(`${root}/called`, 'utf8').split('\n').filter(Boolean)
      : [];
  }

  test('a file that was there keeps its label, a new one gets that of its path, and so do its directories', () => {
    const old = `${root}/old`;
    writeFileSync(old, '');
    expect(put(old)).toEqual([`chcon --reference=${old} ${old}.haup-new`]);
    rmSync(`${root}/called`);
    expect(put(`${root}/libexec/keepalived/check`).filter((line) => line.startsWith('restorecon'))).toEqual([
      `restorecon ${root}/libexec`,
      `restorecon ${root}/libexec/keepalived`,
      `restorecon ${root}/libexec/keepalived/check`,
    ]);
  });
});
