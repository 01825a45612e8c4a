// suite: waits, all
/** Drills that were cut off: whoever comes first undoes them, and what an operator has decided since stays. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, eventuallyOnHost, onHost, testLab } from './haup.ts';
import { killInner } from './kill.ts';
import { hangMs } from '../limits.ts';
import { fast, ownLab } from './own-lab.ts';
import { vipsHome } from './vips-home.ts';

const { lab, inventory, inLab, well, apply } = ownLab(testLab('cut-off'));

let path = '';
beforeAll(async () => {
  path = inventory(fast);
  await apply(path);
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const host of ['keep_136', 'keep_137']) await onHost(lab, host, 'systemctl start keepalived');
  await inLab(['apply', path, '--yes', '--lock-wait', '60']);
});

interface Told {
  readonly vips: readonly { readonly holders: readonly string[] }[];
  readonly hosts: readonly { readonly drained: boolean }[];
  readonly findings: readonly { readonly message: string }[];
}
const told = async (): Promise<Told> => JSON.parse((await inLab(['status', path, '--json'])).stdout) as Told;
const holders = async (): Promise<string[]> =>
  (await told()).vips.map(({ holders: these }) => these.join('+'));

/** No host is drained, the VIPs are at home, nothing is locked. */
async function atHome(): Promise<void> {
  await vipsHome(lab, path);
  await expect.poll(holders, { timeout: hangMs(20_000) }).toEqual(['keep_136', 'keep_137']);
  expect((await told()).hosts.map(({ drained }) => drained)).toEqual([false, false]);
  expect((await well(['unlock', path, '--yes'])).stdout).toBe('No host is locked.\n');
}

/** When the drill's own timer on keep_136 goes off, as this machine's clock has it. */
async function timerDue(): Promise<number> {
  const timers = JSON.parse(
    await onHost(lab, 'keep_136', "systemctl list-timers --output=json 'haup-*'"),
  ) as readonly { readonly next: number }[];
  expect(timers).toHaveLength(1);
  return (timers[0]?.next ?? 0) / 1000;
}

/** Whether the host is in the state that the drill makes. */
const broken = {
  stop: '! systemctl is-active --quiet keepalived',
  drain: 'grep -q [1-9] /var/lib/haup/drain',
};

/** A `verify` that is killed when its drill has broken the host. */
async function killedIn(drill: 'stop' | 'drain'): Promise<void> {
  let heard = '';
  const killing: Promise<void>[] = [];
  const marks = { stop: 'stopping keepalived on keep_136', drain: 'draining keep_136' };
  await inLab(['verify', path, '--yes', '--drill', drill, '--vip', '192.168.160.161'], {
    onStderr: (text, pid) => {
      heard += text;
      if (killing.length > 0 || !heard.includes(marks[drill])) return;
      killing.push(eventuallyOnHost(lab, 'keep_136', broken[drill]).then(() => killInner(pid, 'SIGKILL')));
    },
  });
  await Promise.all(killing);
  expect(killing).toHaveLength(1);
}

describe('a drill that was cut off', () => {
  test('does not undo what an operator has decided since', async () => {
    await killedIn('stop');
    const due = await timerDue();
    expect((await told()).findings.map(({ message }) => message)).toContain(
      'the drill stop of haup verify is running there, or was interrupted: keepalived is stopped',
    );
    const { code, stderr, stdout } = await inLab(['failover', 'keep_136', path, '--mode', 'stop', '--yes']);
    // Where the VIP goes is judged here, and elsewhere how soon: this file runs beside others that keep the machine busy.
    expect(`${code} ${stderr}${stdout}`).toMatch(/^[01] [^]*is held and answered by keep_137/);
    expect(stderr).toMatch(
      /keep_136: the drill stop .* was interrupted there \(keepalived is stopped\): the host has been restored/,
    );
    expect(await onHost(lab, 'keep_136', 'systemctl list-timers --all | grep haup- || true')).toBe('');
    // The timer would have gone off by then.
    await sleep(due + 2000 - Date.now());
    expect(await onHost(lab, 'keep_136', 'systemctl is-active keepalived || true')).toBe('inactive\n');
    expect(await holders()).toEqual(['keep_137', 'keep_137']);
    await well(['failback', 'keep_136', path, '--yes']);
    await atHome();
  });

  test.each(['stop', 'drain'] as const)('is undone by the host itself: %s', async (drill) => {
    await killedIn(drill);
    expect(await onHost(lab, 'keep_136', 'cut -d " " -f 1 /run/haup.drill')).toBe(`${drill}\n`);
    const isOver = async (): Promise<string> =>
      onHost(lab, 'keep_136', 'ls /run/haup.drill /etc/tmpfiles.d/* 2>/dev/null || true');
    await expect.poll(isOver, { timeout: hangMs(60_000), interval: 1000 }).toBe('');
    await atHome();
  });

  test('is undone by a reboot', async () => {
    await killedIn('drain');
    expect((await told()).findings.map(({ message }) => message)).toContain(
      'the drill drain of haup verify is running there, or was interrupted: the priority of the holder is lowered',
    );
    const boot = (): Promise<string> =>
      onHost(lab, 'keep_136', 'cat /proc/sys/kernel/random/boot_id').catch(() => '');
    const before = await boot();
    await onHost(lab, 'keep_136', 'systemctl reboot').catch(() => undefined);
    await eventually('keep_136 has booted', async () => !['', before].includes(await boot()));
    await atHome();
    expect(await onHost(lab, 'keep_136', 'ls /etc/tmpfiles.d')).toBe('');
  });

  test('is undone by the next command that changes the host', async () => {
    // The next apply restarts the daemon.
    await onHost(
      lab,
      'keep_137',
      'echo "# touched" >> /etc/systemd/system/keepalived.service; systemctl daemon-reload',
    );
    await killedIn('drain');
    const { stderr } = await well(['apply', path, '--yes']);
    expect(stderr).toMatch(
      /keep_136: the drill drain .* was interrupted there \(.*\): the host has been restored/,
    );
    await atHome();
  });
});
