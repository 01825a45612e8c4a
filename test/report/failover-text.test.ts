import { describe, expect, test } from 'vitest';
import { failoverText, topologyText } from '../../src/report/failover-text.ts';
import { plainStyle } from '../../src/report/style.ts';
import { cutConnections, moved } from './samples.ts';

describe('failoverText', () => {
  test.each([
    ['drain', moved],
    ['stop', { ...moved, mode: 'stop' as const }],
    ['failback', { ...moved, mode: 'failback' as const, before: moved.after, after: moved.before }],
    [
      'failed',
      {
        ...moved,
        ok: false,
        after: moved.before,
        reasons: ['192.168.160.161 is still held by keep_136 after 10 s'],
      },
    ],
  ])('%s', async (name, report) => {
    await expect(`${failoverText(report, plainStyle, 80)}\n`).toMatchFileSnapshot(
      `../golden/report/failover-${name}.txt`,
    );
  });

  test('a request that only a second connection answered is lost, and said to be', () => {
    const vips = moved.vips.map((vip) => ({ ...vip, lost: 1, retried: 1 }));
    const text = failoverText({ ...moved, vips }, plainStyle, 90);
    expect(text).toMatch(/1 of 840, retried/);
    expect(text).toContain(
      '1 request was lost to a client that does not retry. A second connection answered it.',
    );
    expect(failoverText(moved, plainStyle, 90)).not.toContain('second connection');
  });

  test('a new holder that failed in the grace took its own connections with it', () => {
    const grace = { open: 4, asked: 0, cut: 0, afterMs: 3000, why: null, returned: 1 };
    const vips = moved.vips.slice(0, 1).map((vip) => ({ ...vip, grace }));
    expect(failoverText({ ...moved, ok: false, vips }, plainStyle, 200)).toContain(
      '192.168.160.161: keep_136 has it again: its 4 connections go on, and 1 connection to keep_137 was lost.',
    );
  });

  test('what became of the connections that haup held open', () => {
    const vips = moved.vips.map((vip) => ({ ...vip, connections: cutConnections.slice(1, 2) }));
    expect(failoverText({ ...moved, vips }, plainStyle, 200)).toContain(
      '192.168.160.161: haup held connections open: 20 idle keep-alive: 19 kept, 1 closed by the server.',
    );
  });

  test('the topology before the question', () => {
    expect(topologyText(moved.before, plainStyle, 80)).toBe(
      'VIP               HOLDER\n192.168.160.161   keep_136\n192.168.160.162   keep_137',
    );
    expect(topologyText([{ address: '10.0.0.1', holders: [] }], plainStyle, 80)).toContain('no host');
  });
});
