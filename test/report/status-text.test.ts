import { describe, expect, test } from 'vitest';
import { statusText } from '../../src/report/status-text.ts';
import { plainStyle } from '../../src/report/style.ts';
import { ill, well } from './samples.ts';

describe('statusText', () => {
  test.each([
    ['well', well, 80],
    ['ill', ill, 80],
    ['ill-40', ill, 40],
  ])('%s', async (name, report, width) => {
    await expect(`${statusText(report, plainStyle, { width })}\n`).toMatchFileSnapshot(
      `../golden/report/status-${name}.txt`,
    );
  });

  test('a host with a stopped daemon is not in service', () => {
    expect(statusText(ill, plainStyle)).toMatch(/^keep_136 .* out of service$/m);
  });

  test('findings that are ok take no room', () => {
    expect(statusText(well, plainStyle)).not.toContain('answered by');
  });

  test('no host is said only when every member was asked', () => {
    const vip = { address: '10.0.0.1', members: ['keep_137', 'keep_138'], holders: [], expected: 'keep_137' };
    expect(statusText({ ...ill, vips: [vip] }, plainStyle)).toMatch(/^10\.0\.0\.1 +unknown /m);
    expect(statusText({ ...ill, vips: [{ ...vip, members: ['keep_136', 'keep_137'] }] }, plainStyle)).toMatch(
      /^10\.0\.0\.1 +no host /m,
    );
  });

  test('whoever was left out by --limit was not looked at', () => {
    const limited = { ...well, hosts: well.hosts.filter(({ name }) => name === 'keep_136') };
    expect(statusText(limited, plainStyle)).toMatch(/^All is well: .*\. Not looked at: keep_137\.$/m);
  });

  test('a grace says who still serves how many connections, and for how long', () => {
    const grace = { vip: '192.168.160.161', host: 'keep_136', connections: 1, leftSeconds: 42 };
    expect(statusText({ ...well, graces: [grace] }, plainStyle, { width: 200 })).toContain(
      '\n192.168.160.161: keep_136 still serves 1 connection that was open when it moved, for at most 42 s\n',
    );
  });

  test('a run in progress says who, since when, what for and on which hosts', () => {
    const run = {
      who: 'ana@desk',
      since: '2026-11-29T10:00:00.000Z',
      why: 'haup verify --drill all',
      hosts: ['keep_136', 'keep_137'],
    };
    expect(statusText({ ...well, runs: [run] }, plainStyle, { width: 200 })).toContain(
      '\nIn progress on keep_136 and keep_137: haup verify --drill all, by ana@desk, since 2026-11-29T10:00:00.000Z\n',
    );
  });

  test('nothing at all', () => {
    const nothing = { version: 1, ok: true, vips: [], hosts: [], findings: [] } as const;
    expect(statusText(nothing, plainStyle).split('\n').at(-1)).toBe(
      'All is well: 0 VIPs where expected, 0 hosts in service.',
    );
  });
});
