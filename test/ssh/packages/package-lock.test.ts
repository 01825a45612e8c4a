import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostScript } from '../../../src/base/host-script.ts';
import { lockArguments, lockedStatus, lockMeaning } from '../../../src/ssh/packages/package-lock.ts';
import { installText } from '../../../src/ssh/packages/install-packages.ts';
import { putProgram, scratchDirectory } from '../../scratch.ts';

let root: string;
let holder: ChildProcess | undefined;
beforeEach(() => {
  root = scratchDirectory();
  for (const path of ['var/lib/dpkg', 'var/lib/rpm', 'var/cache/dnf', 'var/run'])
    mkdirSync(join(root, path), { recursive: true });
});
afterEach(() => {
  holder?.kill('SIGKILL');
  holder = undefined;
});

/** A process that has a file locked as dpkg and rpm lock theirs, until it is killed or `seconds` are over. */
async function hold(path: string, seconds: number): Promise<number> {
  const flock = 'pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0)';
  const script = `use Fcntl; open(F, ">>", $ARGV[0]) or die; my $l = ${flock}; fcntl(F, F_SETLK, $l) or die; $| = 1; print "held\\n"; sleep ${seconds}`;
  holder = spawn('/usr/bin/perl', ['-e', script, join(root, path)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => holder?.stdout?.once('data', resolve));
  return holder.pid ?? 0;
}

const isWaiting = (said: string): boolean => said.includes('waiting for another package run');
const endWhenWaiting = (said: string): void => {
  if (isWaiting(said)) holder?.kill();
};

interface Ran {
  readonly code: number | null;
  readonly said: readonly string[];
}

/** Runs `script` after the functions, whose paths are below `root`; `heard` is given all that it has said so far. */
function run(
  manager: 'apt-get' | 'dnf' | 'yum',
  seconds: number,
  script: string,
  heard?: (said: string) => void,
): Promise<Ran> {
  const functions = hostScript('package-lock', lockArguments(manager, seconds)).replaceAll(
    /\/(var|usr)\/(?=[a-z])/g,
    `${root}/$1/`,
  );
  return ranAs(spawn('/bin/sh', ['-c', `set -e\n${functions}\n${script}`], { cwd: root }), heard);
}

function ranAs(
  child: ChildProcessWithoutNullStreams,
  heard: (said: string) => void = () => {},
): Promise<Ran> {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      heard(said);
    });
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ code, said: said.split('\n').filter((line) => line !== '') })),
  );
}

test('with nobody else at it, a command runs at once and gives its own status', async () => {
  expect(await run('apt-get', 5, 'alone echo installed')).toEqual({ code: 0, said: ['installed'] });
  expect(await run('dnf', 5, 'alone sh -c "echo failed; exit 7"')).toEqual({ code: 7, said: ['failed'] });
});

test('somebody who has the file open without a lock is not waited for', async () => {
  writeFileSync(join(root, 'var/lib/dpkg/lock-frontend'), '');
  expect(await run('apt-get', 5, 'exec 5<var/lib/dpkg/lock-frontend\nalone echo installed')).toEqual({
    code: 0,
    said: ['installed'],
  });
});

describe.each([
  ['apt-get', 'var/lib/dpkg/lock-frontend'],
  ['apt-get', 'var/lib/dpkg/lock'],
  ['dnf', 'var/lib/rpm/.rpm.lock'],
  ['yum', 'var/lib/rpm/.rpm.lock'],
] as const)('%s and %s', (manager, path) => {
  test('a lock of another process is waited for, and it is said once who has it', async () => {
    const pid = await hold(path, 600);
    const { code, said } = await run(manager, 30, 'alone echo installed', endWhenWaiting);
    expect(code).toBe(0);
    expect(said).toEqual([
      expect.stringMatching(
        new RegExp(
          `^haup: waiting for another package run: process ${pid} \\(\\S*perl -e .*\\), which runs for \\d+ s, holds ${root}/${path}; for 30 s at most$`,
        ),
      ),
      'haup: the other package run has ended',
      'installed',
    ]);
  });
});

test('at the limit it ends with a status of its own, and names who has the lock', async () => {
  const pid = await hold('var/lib/dpkg/lock', 60);
  const { code, said } = await run('apt-get', 1, 'alone echo installed');
  expect(code).toBe(lockedStatus);
  expect(said).toHaveLength(2);
  expect(said[1]).toMatch(
    new RegExp(`^Error: process ${pid} \\(\\S*perl .*\\), which runs for \\d+ s, holds `),
  );
  expect(lockMeaning(1)[lockedStatus]).toMatchObject({
    code: 'PACKAGES_FAILED',
    message: expect.stringMatching(/within 1 s/),
    hint: expect.stringMatching(/packages\.lock_wait/),
  });
});

describe('a process that has written its number', () => {
  test.each([
    ['dnf', 'var/lib/dnf/rpmdb_lock.pid'],
    ['dnf', 'var/cache/dnf/metadata_lock.pid'],
    ['yum', 'var/run/yum.pid'],
  ] as const)('%s: %s', async (manager, path) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), String(process.pid));
    const { code, said } = await run(manager, 1, 'alone echo installed');
    expect(code).toBe(lockedStatus);
    expect(said[0]).toContain(`process ${process.pid} (`);
  });

  test('but is not there any more, is not waited for', async () => {
    writeFileSync(join(root, 'var/run/yum.pid'), '4194304');
    expect(await run('yum', 1, 'alone echo installed')).toEqual({ code: 0, said: ['installed'] });
  });
});

test('when somebody was quicker, it is tried again, and not for ever', async () => {
  const quicker = 'echo tried; [ -e twice ] || { touch twice; exit 200; }';
  expect(await run('dnf', 5, `alone sh -c '${quicker}'`)).toEqual({ code: 0, said: ['tried', 'tried'] });
  expect(await run('dnf', 2, `alone sh -c 'echo tried; exit 200'`)).toEqual({
    code: 200,
    said: ['tried', 'tried', 'tried'],
  });
});

describe('what is remembered as brought by haup', () => {
  const program = (name: string, text: string): void => putProgram(join(root, 'bin', name), text);
  /** Asked what it would do, it says that it would bring both. */
  const aptGet = (text: string): void =>
    program(
      'apt-get',
      `case $1 in -s) printf 'Inst libcurl (1)\\nInst curl (2)\\nConf curl (2)\\n'; exit ;; esac\n${text}`,
    );
  const brought = (): string[] =>
    readFileSync(join(root, 'var/lib/haup/record/packages'), 'utf8').split('\n').filter(Boolean);
  const script = (): string =>
    installText('apt-get', 'curl', 30).replaceAll(/\/(var|usr)\/(?=[a-z])/g, `${root}/$1/`);
  const environment = () => ({ ...process.env, PATH: `${root}/bin:${process.env['PATH']}` });
  const install = (heard?: (said: string) => void): Promise<Ran> =>
    ranAs(spawn('/bin/sh', ['-c', script()], { cwd: root, env: environment() }), heard);
  beforeEach(() => {
    for (const path of ['bin', 'usr/sbin']) mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, 'there'), 'ii  bash\niU  half\nrc  gone\n');
    program('dpkg-query', `cat ${root}/there`);
    program('dpkg', 'exit 0');
    aptGet(`printf 'ii  curl\\niU  libcurl\\n' >> ${root}/there`);
  });

  test('is what came with its own run, as far as that came', async () => {
    expect((await install()).code).toBe(0);
    expect(brought()).toEqual(['curl', 'libcurl']);
  });

  test('is nothing that another run has brought while it was waited for', async () => {
    await hold('var/lib/dpkg/lock-frontend', 600);
    let other: string | null = 'ii  gcc\n';
    const { code } = await install((said) => {
      if (other !== null && isWaiting(said)) {
        appendFileSync(join(root, 'there'), other);
        other = null;
        holder?.kill();
      }
    });
    expect(code).toBe(0);
    expect(brought()).toEqual(['curl', 'libcurl']);
  });

  test('is also what came before a run failed', async () => {
    aptGet(`case "$*" in *install*) printf 'ii  libcurl\\n' >> ${root}/there; exit 100 ;; esac`);
    expect((await install()).code).toBe(100);
    expect(brought()).toEqual(['libcurl']);
  });

  test('is, after a run that was killed, what it was to bring, and nothing that has come since', async () => {
    aptGet(`printf 'ii  curl\\niU  libcurl\\n' >> ${root}/there; kill -9 0`);
    // In a group of its own, which is killed with everything in it.
    const child = spawn('/bin/sh', ['-c', script()], { cwd: root, env: environment(), detached: true });
    await new Promise((resolve) => child.on('close', resolve));
    expect(brought()).toEqual([]);
    appendFileSync(join(root, 'there'), 'ii  gcc\n');
    aptGet('exit 0');
    expect((await install()).code).toBe(0);
    expect(brought()).toEqual(['curl', 'libcurl']);
  });
});
