/** What a host is entrusted with, by the sh that it runs, below a directory of the test's own. */

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { hostScript } from '../../src/base/host-script.ts';
import { entrust } from '../../src/ssh/entrust.ts';
import { hangMs } from '../limits.ts';
import { scratchDirectory } from '../scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchDirectory();
  mkdirSync(`${root}/bin`);
  writeFileSync(
    `${root}/bin/systemctl`,
    `#!/bin/sh\n[ "$1" = is-system-running ] || echo "$*" >> ${root}/called\n`,
  );
  chmodSync(`${root}/bin/systemctl`, 0o755);
  mkdirSync(`${root}/state`);
});

const here = (script: string): string =>
  script.replaceAll('/run/haup', `${root}/haup`).replaceAll('/var/lib/haup', `${root}/state`);
const env = (): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${root}/bin:${process.env['PATH']}` });
const called = (): string => (existsSync(`${root}/called`) ? readFileSync(`${root}/called`, 'utf8') : '');

/** As the wrapper of a command does: a group of its own, which is told to end and killed right after. */
async function holdAndEnd(afterMs: number): Promise<void> {
  const job = entrust({ do: 'entrust', service: 'keepalived', afterMs });
  const text = Buffer.from(job.stdin ?? []).toString();
  const script = `exec 9>>${root}/lock; flock -n 9 || exit 1
${here(hostScript('finish'))}
trap finish TERM HUP INT PIPE
echo held
while sleep 2 9>&- & wait $!; do echo . || finish; done`;
  const holder = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: env(),
  });
  const ended = new Promise((resolve) => holder.once('exit', resolve));
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  execFileSync('sh', ['-c', here(job.script)], { input: here(text), env: env() });
  process.kill(-(holder.pid ?? 0), 'SIGTERM');
  await ended;
  try {
    process.kill(-(holder.pid ?? 0), 'SIGKILL');
  } catch {
    // All of the group has ended already.
  }
}

const locked = (): boolean => {
  try {
    execFileSync('flock', ['-n', `${root}/lock`, 'true']);
    return false;
  } catch {
    return true;
  }
};
async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + hangMs(5_000); performance.now() < end && !holds(); ) await sleep(50);
  expect(holds()).toBe(true);
}

test('what was not read is read when the holder of the lock ends, and the lock is kept until then', async () => {
  writeFileSync(`${root}/haup.unread.keepalived`, 'old');
  await holdAndEnd(hangMs(300));
  expect(locked()).toBe(true);
  expect(called()).toBe('');
  await until(() => !locked());
  expect(called()).toBe('reload-or-restart keepalived.service\n');
  expect(existsSync(`${root}/haup.unread.keepalived`)).toBe(false);
  expect(existsSync(`${root}/haup.finish.now`)).toBe(false);
});

test('what was read already is left alone, at once', async () => {
  await holdAndEnd(60_000);
  await until(() => !locked());
  expect(called()).toBe('');
  expect(existsSync(`${root}/haup.finish`)).toBe(false);
});

test('what was read in the meantime is left alone too', async () => {
  writeFileSync(`${root}/haup.unread.keepalived`, 'old');
  await holdAndEnd(hangMs(300));
  rmSync(`${root}/haup.unread.keepalived`);
  await until(() => !locked());
  expect(called()).toBe('');
});

test('a host that has read it announces its VIPs when the others give them up, and keeps the lock until then', async () => {
  const announce = { addresses: ['192.0.2.100'], afterMs: 900, forMs: 20 };
  const job = entrust({ do: 'entrust', service: 'keepalived', afterMs: 0, announce });
  const started = Date.now();
  execFileSync('sh', [], { input: here(Buffer.from(job.stdin ?? []).toString()), env: env() });
  // 0.1 s early, since clocks differ; and there is no such VIP here to announce.
  expect(Date.now() - started).toBeGreaterThanOrEqual(750);
  expect(called()).toBe('');
});
