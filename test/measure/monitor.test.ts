import { networkInterfaces } from 'node:os';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { monitorParser, monitorScript } from '../../src/measure/monitor.ts';
import { hangMs } from '../limits.ts';

describe('monitorParser', () => {
  const at = Date.UTC(2026, 10, 23, 3, 49, 59) + 753.827;

  test.each([
    [
      'iproute2 6.1',
      [
        '[2026-11-23T03:49:59.753827] 2: ens33    inet 192.168.160.161/32 scope global ens33\\       valid_lft forever preferred_lft forever',
      ],
      { kind: 'change', atMs: at, address: '192.168.160.161', held: true },
    ],
    [
      'a loss',
      [
        '[2026-11-23T03:49:59.753827] Deleted 2: ens33    inet 192.168.160.161/32 scope global ens33\\       valid_lft forever preferred_lft forever',
      ],
      { kind: 'change', atMs: at, address: '192.168.160.161', held: false },
    ],
    [
      'with a label',
      [
        '[2026-11-23T03:49:59.753827] [ADDR]Deleted 14: bond0.100    inet 192.168.160.161/24 brd 192.168.160.255 scope global secondary bond0.100',
      ],
      { kind: 'change', atMs: at, address: '192.168.160.161', held: false },
    ],
    [
      'IPv6',
      [
        '[2026-11-23T03:49:59.753827] 2: ens33    inet6 fd00::9/128 scope global tentative \\       valid_lft forever',
      ],
      { kind: 'change', atMs: at, address: 'fd00::9', held: true },
    ],
    [
      'before 3.17: the time on a line of its own',
      [
        'Timestamp: Mon Nov 23 03:49:59 2026 753827 usec',
        'Deleted 2: ens33    inet 192.168.160.161/32 scope global ens33',
      ],
      { kind: 'change', atMs: at, address: '192.168.160.161', held: false },
    ],
    [
      'before 3.17, a day of one digit',
      ['Timestamp: Thu Jan  1 00:00:01 1970 500000 usec', '2: ens33    inet 10.0.0.1/32 scope global ens33'],
      { kind: 'change', atMs: 1500, address: '10.0.0.1', held: true },
    ],
    [
      'a tick',
      ['tick 1795400244607484000 1795400244609484000 4101.25 4101.26 127.0.0.1 192.168.160.136 fe80::1'],
      {
        kind: 'tick',
        fromMs: 1795400244607.484,
        toMs: 1795400244609.484,
        up: { fromMs: 4_101_250, toMs: 4_101_260 },
        addresses: ['127.0.0.1', '192.168.160.136', 'fe80::1'],
      },
    ],
    [
      'a tick of a host without addresses',
      ['tick 1000000 2000000 0.00 0.01'],
      { kind: 'tick', fromMs: 1, toMs: 2, up: { fromMs: 0, toMs: 10 }, addresses: [] },
    ],
  ])('%s', (_, lines, expected) => {
    const parse = monitorParser();
    expect(lines.map(parse).at(-1)).toEqual(expected);
  });

  test.each([
    [['2: ens33    inet 192.168.160.161/32 scope global ens33']],
    [['[2026-11-23T03:49:59.753827] 2: ens33: <BROADCAST,UP> mtu 1500 state UP']],
    [['Timestamp: Mon Nov 23 03:49:59 2026 753827 usec']],
    [['Dump was interrupted and may be inconsistent.']],
    [['']],
    // The time of one line is not lent to the one after the next.
    [
      [
        'Timestamp: Mon Nov 23 03:49:59 2026 753827 usec',
        '2: ens33    inet 10.0.0.1/32',
        '2: ens33    inet 10.0.0.2/32',
      ],
    ],
  ])('%j says nothing', (lines) => {
    const parse = monitorParser();
    expect(lines.map(parse).at(-1)).toBeNull();
  });
});

describe('monitorScript, run by a real sh', () => {
  const run = (seconds: number) =>
    spawn('sh', ['-c', monitorScript(seconds)], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  /** Whether a process of the script's session is left: its shell, `timeout`, or `ip monitor`. */
  const left = (session: number): boolean => spawnSync('pgrep', ['-s', String(session)]).status === 0;
  async function gone(session: number, withinMs = hangMs(10_000)): Promise<boolean> {
    for (const until = performance.now() + withinMs; performance.now() < until; ) {
      if (!left(session)) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  }

  test('says all addresses, and ends with everything it started when nobody reads any more', async () => {
    const child = run(30);
    const session = child.pid ?? 0;
    const lines = createInterface({ input: child.stdout });
    const [first] = (await once(lines, 'line')) as [string];
    const tick = monitorParser()(first);
    const up = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
    expect(tick?.kind === 'tick' ? up - tick.up.fromMs : Number.NaN).toBeLessThan(10_000);
    // On lo a VIP is for a grace, and nothing there counts.
    const addresses = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
      name === 'lo' ? [] : (list ?? []).map(({ address }) => address),
    );
    expect(tick?.kind === 'tick' ? tick.addresses.toSorted() : null).toEqual(addresses.toSorted());
    expect(left(session)).toBe(true);
    child.stdout.destroy();
    expect(await gone(session)).toBe(true);
  });

  test('ends with everything it started when it is told to', async () => {
    const child = run(30);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await gone(child.pid ?? 0)).toBe(true);
  });

  test('ends by itself at its limit', async () => {
    const child = run(1);
    child.stdout.resume();
    expect(await gone(child.pid ?? 0)).toBe(true);
  });
});
