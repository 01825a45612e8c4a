// suite: measures
import { describe, expect, test } from 'vitest';
import { drilledVip as one, drillLab } from './drill-lab.ts';
import { onHost, testLab } from './haup.ts';
import { measured } from './measured.ts';
import { soak } from './own-lab.ts';

/** The faults that haup verify injects only where the inventory allows it, on hosts of the file's own. */
const { lab, inLab, inventory, path, drill } = drillLab(testLab('drills'));
const rounds = Math.max(1, soak);

/** Connections that a host still takes for open though haup has ended them: the next drain would wait for these. */
const halfOpen = (host: string): Promise<string> => onHost(lab, host, `ss -Htn state established src ${one}`);

/** That one request was just between its SYN and its first byte when the VIP left the host. haup holds 80 connections. */
const atMostOne = /^(?:[^\n]+\n)?$/;

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

test('a drill that the inventory does not allow is refused before anything is contacted', async () => {
  const ran = await inLab(['verify', inventory(), '--yes', '--drill', 'crash']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/does not allow the drill crash/);
  expect(ran.stderr.replaceAll(/\s+/g, ' ')).toMatch(/allow: \[stop, drain, crash\]/);
});
