// suite: measures
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DrillName, drillNames } from '../../src/model/fault.ts';
import type { DrillReport, VerifyReport } from '../../src/model/report.ts';
import { eventually, figure, onHost, type RunOptions, testLab } from './haup.ts';
import { installMore } from './more-packages.ts';
import { measured } from './measured.ts';
import { type Edit, ownLab, soak } from './own-lab.ts';
import { vipsHome } from './vips-home.ts';

/** The faults that haup verify injects only where the inventory allows it, on hosts of the file's own. */
const lab = testLab('drills');
const { inLab, inventory } = ownLab(lab);
const rounds = Math.max(1, soak);
const one = '192.168.160.161';
const home = [['keep_136'], ['keep_137']];

const allowed: Edit = (it) => {
  it['verify'] = { allow: drillNames };
};
const holders = async (path: string): Promise<readonly (readonly string[])[]> => {
  const { stdout } = await inLab(['status', path, '--json']);
  return (JSON.parse(stdout) as { vips: { holders: string[] }[] }).vips.map((vip) => vip.holders);
};
async function atHome(path: string): Promise<void> {
  await vipsHome(lab, path);
  await eventually(
    'every VIP is home',
    async () => JSON.stringify(await holders(path)) === JSON.stringify(home),
  );
}
/** What drills may leave on a host. */
const left = (host: string): Promise<string> =>
  onHost(
    lab,
    host,
    "systemctl list-units --all --no-legend 'haup-drill-*'; ls /run/haup.drill* /etc/tmpfiles.d/* 2>/dev/null || true",
  );

/** Connections that a host still takes for open though haup has ended them: the next drain would wait for these. */
const halfOpen = (host: string): Promise<string> => onHost(lab, host, `ss -Htn state established src ${one}`);

/** That one request was just between its SYN and its first byte when the VIP left the host. haup holds 80 connections. */
const atMostOne = /^(?:[^\n]+\n)?$/;

async function drill(
  path: string,
  name: DrillName,
  options: RunOptions = {},
): Promise<{ code: number; report: DrillReport }> {
  const args = ['verify', path, '--yes', '--json', '--vip', one, '--drill', name];
  const { code, stdout, stderr } = await inLab(args, options);
  const report = (JSON.parse(stdout === '' ? '{}' : stdout) as VerifyReport).vips?.[0]?.drills[0];
  if (report === undefined) throw new Error(`${name} has no report.\n${stdout}${stderr}`);
  figure(
    `${name}: outage ${report.outageMs} ms, bound ${report.boundMs} + ${report.allowanceMs} ms, detection ${report.detectionMs} ms, takeover ${report.takeoverMs} ms, lost ${report.lost} of ${report.total}; failback lost ${report.failback?.lost}, ${report.failback?.retried} of them retried; stalled ${report.stalledMs} ms`,
  );
  return { code, report };
}

const path = (): string => inventory(allowed);
afterEach(async () => {
  await atHome(path());
  expect(await left('keep_136')).toBe('');
});

describe('each moves the VIP within its bound, and ends with one holder', () => {
  test.each(['nginx', 'crash', 'hang', 'link'] as const)('%s', async (name) => {
    for (let round = 0; round < rounds; round++) {
      const { code, report } = await drill(path(), name);
      // Not after a hang or a link that was down: then some may be requests that were under way to nginx.
      if (name === 'crash')
        await expect.poll(() => halfOpen('keep_136'), { timeout: 5_000 }).toMatch(atMostOne);
      measured(report.stalledMs ?? 0, () => {
        expect(report.reasons).toEqual([]);
        expect(report).toMatchObject({ ok: true, from: 'keep_136', to: 'keep_137' });
        expect(report.outageMs).toBeLessThanOrEqual(report.boundMs * 1.15 + 30);
        expect(code).toBe(0);
      });
      for (const unit of ['keepalived', 'nginx'])
        expect(await onHost(lab, 'keep_136', `systemctl is-active ${unit}`)).toBe('active\n');
    }
  });
});

test('reboot: the VIP moves as in a stop, and comes home when the host has booted', async () => {
  const boot = (): Promise<string> => onHost(lab, 'keep_136', 'cat /proc/sys/kernel/random/boot_id');
  const before = await boot();
  const { code, report } = await drill(path(), 'reboot');
  measured(report.stalledMs ?? 0, () => {
    expect(report.reasons).toEqual([]);
    expect(report).toMatchObject({ ok: true, from: 'keep_136', to: 'keep_137' });
    expect(report.outageMs).toBeLessThanOrEqual(report.boundMs * 1.15 + 30);
    expect(report.timeline.map(({ host }) => host)).toEqual(['keep_136', 'keep_137', 'keep_136']);
    expect(code).toBe(0);
  });
  expect(await boot()).not.toBe(before);
  // The lock has ended with its owner, on the rebooted host too.
  const unlocked = await inLab(['unlock', path(), '--yes']);
  expect(unlocked.stdout).toBe('No host is locked.\n');
});

test('vrrp-block without nft and iptables on the host breaks nothing, and says what is missing', async () => {
  await onHost(lab, 'keep_136', 'mv /usr/sbin/nft /usr/sbin/nft.aside');
  try {
    const ran = await inLab(['verify', path(), '--yes', '--vip', one, '--drill', 'vrrp-block']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/neither nft nor iptables/);
  } finally {
    await onHost(lab, 'keep_136', 'mv /usr/sbin/nft.aside /usr/sbin/nft');
  }
});

describe('adverts that do not pass, on a host with iptables and without nft', () => {
  beforeAll(async () => {
    await installMore(lab, { keep_136: ['iptables'] });
    await onHost(lab, 'keep_136', 'mv /usr/sbin/nft /usr/sbin/nft.aside');
  });
  afterAll(async () => {
    await onHost(lab, 'keep_136', 'mv /usr/sbin/nft.aside /usr/sbin/nft');
  });

  test('vrrp-block: a split brain, and no rule is left', async () => {
    let during = '';
    const { code, report } = await drill(path(), 'vrrp-block', {
      onStderr: (text) => {
        if (!/is held and answered by keep_137/.test(text)) return;
        void onHost(lab, 'keep_136', 'iptables -S; ip6tables -S').then((rules) => (during = rules));
      },
    });
    expect(code).toBe(3);
    expect(report.bothHeldMs).toBeGreaterThan(900);
    expect(report.reasons.join('\n')).toMatch(/keep_136 and keep_137 both have it at the end: split brain/);
    expect(during.match(/haup-drill/g)).toHaveLength(4);
    expect(await onHost(lab, 'keep_136', 'iptables -S; ip6tables -S')).not.toContain('haup-drill');
  });
});

describe('adverts that do not pass', () => {
  test.each(['vrrp-block', 'vrrp-block-out'] as const)(
    '%s: a split brain, with who held what; afterwards one holder',
    async (name) => {
      const { code, report } = await drill(path(), name);
      expect(code).toBe(3);
      expect(report.reasons.join('\n')).toMatch(
        /^keep_136 and keep_137 both have it at the end: split brain$/m,
      );
      expect(report.bothHeldMs).toBeGreaterThan(900);
      expect(report.timeline.map(({ host }) => host).slice(0, 2)).toEqual(['keep_136', 'keep_137']);
      expect(report.failback).not.toBeNull();
      expect(await onHost(lab, 'keep_136', 'nft list tables')).not.toContain('haup_drill');
    },
  );

  test('vrrp-block-in: the holder keeps sending and its VIP stays; the other one is split', async () => {
    const { code, report } = await drill(path(), 'vrrp-block-in');
    expect(code).toBe(3);
    expect(report.timeline.map(({ host }) => host)).toEqual(['keep_136']);
    expect(report.reasons.join('\n')).toMatch(
      /^192\.168\.160\.162: keep_136 and keep_137 both held it for \d+\.\d s: split brain$/m,
    );
    expect(report.lost).toBe(report.retried);
  });
});

test('link: the host is back after haup was killed with -9 in the middle', async () => {
  const args = ['verify', path(), '--yes', '--vip', one, '--drill', 'link'];
  let waiting: Promise<void> = Promise.resolve();
  await inLab(args, {
    during: (pid) => {
      waiting = eventually('keep_137 has taken over', async () => {
        const held = await onHost(lab, 'keep_137', `ip -o addr show to ${one}`);
        if (!held.includes(one)) return false;
        process.kill(pid, 'SIGKILL');
        return true;
      });
    },
  });
  await waiting;
  // Until the link is up again it cannot be asked.
  await eventually(
    'its timer has ended',
    async () => (await left('keep_136').catch(() => 'out of reach')) === '',
  );
});

test('a drill that the inventory does not allow is refused before anything is contacted', async () => {
  const ran = await inLab(['verify', inventory(), '--yes', '--drill', 'crash']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/does not allow the drill crash/);
  expect(ran.stderr.replaceAll(/\s+/g, ' ')).toMatch(/allow: \[stop, drain, crash\]/);
});
