import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FileWrite } from '../../src/model/action.ts';
import { toJob } from '../../src/ssh/actions.ts';
import { shells } from '../shells.ts';
import { scratchDirectory } from '../scratch.ts';

const nothing = (): never => {
  throw new Error('nothing is pushed');
};
describe.each(shells)('by %s', (_shell, program, args) => {
  let root: string;
  beforeEach(() => {
    root = scratchDirectory();
  });

  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const link = (path: string, to: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(to, join(root, path));
  };

  /** Puts files in place by a real sh, below `root`, beside a systemctl that takes its unit from `fragment`. */
  function putFiles(
    files: readonly FileWrite[],
    fragment = '',
  ): { code: number | null; said: string; told: string } {
    put(
      'bin/systemctl',
      `#!/bin/sh\necho "$*" >> ${root}/told\ncase $1 in show) echo "FragmentPath=${fragment}" ;; esac\n`,
    );
    execFileSync('chmod', ['755', join(root, 'bin/systemctl')]);
    const { script, stdin } = toJob({ do: 'put-files', files }, { tarball: nothing, pack: nothing });
    const moved = script.replaceAll(/\/(etc|var\/lib\/haup|usr\/local)(?=[/ ])/g, `${root}/$1`);
    const ran = spawnSync(program, [...args, '-c', moved], {
      input: stdin ?? '',
      env: { PATH: `${root}/bin:${process.env['PATH']}` },
      encoding: 'utf8',
    });
    const told = existsSync(`${root}/told`) ? readFileSync(`${root}/told`, 'utf8') : '';
    return { code: ran.status, said: ran.stderr, told };
  }

  const write = (path: string, bytes: FileWrite['bytes'], more: Partial<FileWrite> = {}): FileWrite => ({
    path,
    bytes,
    mode: 0o755,
    owner: 'root:root',
    secret: false,
    expect: 'any',
    ...more,
  });
  const generated = '/run/systemd/generator.late/keepalived.service';

  test('a file that comes out of another one of the host has its content and the rest', () => {
    put('usr/local/keepalived/share/sysconfig', 'OPTIONS="-D"\n');
    const from = '/usr/local/keepalived/share/sysconfig';
    const ran = putFiles([
      write('/etc/sysconfig/keepalived', Buffer.from('PATH=x\n'), { from, mode: 0o644 }),
    ]);
    expect(ran).toEqual({ code: 0, said: '', told: '' });
    expect(readFileSync(`${root}/etc/sysconfig/keepalived`, 'utf8')).toBe('OPTIONS="-D"\nPATH=x\n');
    expect(statSync(`${root}/etc/sysconfig/keepalived`).mode & 0o777).toBe(0o644);
  });

  test('a file that is to come out of one that is not there fails, and nothing is written', () => {
    const from = '/usr/local/keepalived/share/none';
    const ran = putFiles([write('/etc/init.d/keepalived', new Uint8Array(), { from })], generated);
    expect(ran.code).not.toBe(0);
    expect(existsSync(`${root}/etc/init.d/keepalived`)).toBe(false);
  });

  test('an init script counts when systemd has made a unit of it', () => {
    const script = write('/etc/init.d/keepalived', Buffer.from('#!/bin/sh\n'));
    expect(putFiles([script], generated)).toEqual({
      code: 0,
      said: '',
      told: 'daemon-reload\nshow -p FragmentPath keepalived.service\n',
    });
  });

  test.each([
    ['', 'systemd has made no unit of'],
    ['/lib/systemd/system/keepalived.service', '/lib/systemd/system/keepalived.service hides'],
  ])('and fails when it uses %j', (fragment, says) => {
    const ran = putFiles([write('/etc/init.d/keepalived', Buffer.from('#!/bin/sh\n'))], fragment);
    expect(ran.code).toBe(1);
    expect(ran.said).toContain(says);
  });

  test('with what goes, go the links by which it was started, and no others', () => {
    put('etc/init.d/keepalived', '');
    put('etc/init.d/other', '');
    link('etc/rc3.d/S21keepalived', '../init.d/keepalived');
    link('etc/rc0.d/K79keepalived', '../init.d/keepalived');
    link('etc/rc3.d/S50other', '../init.d/other');
    put('etc/systemd/system/keepalived.service', '');
    link('etc/systemd/system/multi-user.target.wants/keepalived.service', '../keepalived.service');
    link('etc/systemd/system/multi-user.target.wants/nginx.service', '../nginx.service');
    const gone = ['/etc/init.d/keepalived', '/etc/systemd/system/keepalived.service'];
    expect(putFiles(gone.map((path) => write(path, 'absent')))).toEqual({
      code: 0,
      said: '',
      told: 'daemon-reload\n',
    });
    const left = execFileSync('find', [join(root, 'etc'), '!', '-type', 'd', '-printf', '%P\n'], {
      encoding: 'utf8',
    });
    expect(left.split('\n').filter(Boolean).sort()).toEqual([
      'init.d/other',
      'rc3.d/S50other',
      'systemd/system/multi-user.target.wants/nginx.service',
    ]);
  });
});
