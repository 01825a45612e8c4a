// suite: measures, all
/** `haup rehearse`, beside a lab that stands for the real hosts of the inventory. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { hangMs } from '../limits.ts';
import type { HostComparison } from '../../src/model/status-shape.ts';
import type { VerifyReport } from '../../src/model/report.ts';
import { eventually, figure, testLab } from './haup.ts';
import { measured } from './measured.ts';
import { ownLab, soak } from './own-lab.ts';

const { inLab, inventory, scratch } = ownLab(testLab('rehearse'));
const hooked = join(scratch, 'hook-ran');

let path = '';
beforeAll(() => {
  path = inventory((it) => {
    it.hooks = { before_apply: `touch ${hooked}` };
    // It asks for the root of a lab's host, where the lab's own ssh configuration would not do.
    it.hosts['keep_136'] = { ...it.hosts['keep_136'], ssh: { user: 'ops', port: 2222 } };
    it['verify'] = { allow: ['stop', 'crash', 'link', 'nginx', 'drain', 'hang'] };
  });
});

const rehearsals = (): readonly string[] =>
  readdirSync('/run/netns').filter((one) => one.startsWith('haup.rehearse-'));
const others = new Set(existsSync('/run/netns') ? rehearsals() : []);
/** Of this test, not of what else is rehearsed on this machine. */
const own = (): readonly string[] => rehearsals().filter((one) => !others.has(one));

test('the same inventory costs what it costs on its real hosts, which nothing touches', {
  timeout: hangMs(600_000),
}, async () => {
  const drills = soak > 0 ? 'stop,crash,link,nginx,hang' : 'stop';
  const report = join(scratch, 'rehearsal.html');
  const args = ['rehearse', path, '--drill', drills, '--json', '--report', report];
  const { code, stdout, stderr } = await inLab(args, { limitMs: hangMs(500_000) });
  // A drill that was over its bound by a few milliseconds on a busy machine is 3.
  expect([0, 3], stderr).toContain(code);
  expect(own()).toEqual([]);
  expect(existsSync(hooked)).toBe(false);
  expect(readFileSync(report, 'utf8')).toContain('192.168.160.161');
  const rehearsed = JSON.parse(stdout) as VerifyReport & { readonly hosts: readonly HostComparison[] };
  // keep_136 has no user ops on a port of its own, and keep_137 is a host of a lab as well.
  expect(rehearsed.hosts).toEqual([
    { host: 'keep_136', compared: false, differences: [] },
    { host: 'keep_137', compared: true, differences: [] },
  ]);
  const plain = inventory((it) => void (it['verify'] = { allow: drills.split(',') }));
  const verified = await inLab(['verify', plain, '--yes', '--drill', drills, '--json']);
  expect([0, 3], verified.stderr).toContain(verified.code);
  const real = JSON.parse(verified.stdout) as VerifyReport;
  for (const [index, { address, drills: done }] of real.vips.entries()) {
    for (const [at, { drill, outageMs, stalledMs = 0 }] of done.entries()) {
      const other = rehearsed.vips[index]?.drills[at];
      figure(`${address} ${drill}: rehearsed ${other?.outageMs} ms, really ${outageMs} ms`);
      measured(Math.max(stalledMs, other?.stalledMs ?? 0), () => {
        expect(Math.abs((other?.outageMs ?? 0) - outageMs)).toBeLessThanOrEqual(0.2 * outageMs);
      });
    }
  }
});

test.each(['SIGINT', 'SIGKILL'] as const)('%s in the middle takes the lab down', async (signal) => {
  let sent = false;
  const { code } = await inLab(['rehearse', path, '--drill', 'stop'], {
    limitMs: hangMs(300_000),
    onStderr: (text, pid) => {
      if (sent || !text.includes('begin:')) return;
      sent = true;
      process.kill(pid, signal);
    },
  });
  expect(sent).toBe(true);
  expect(code).toBe(signal === 'SIGINT' ? 130 : 137);
  await eventually('the lab is gone', () => own().length === 0, hangMs(60_000));
});

test('a report that cannot be written is refused before anything is made', async () => {
  const { code, stderr } = await inLab(['rehearse', path, '--report', '/no/such/directory/report.html']);
  expect(code).toBe(2);
  expect(stderr.replace(/\s+/g, ' ')).toMatch(/--report .* cannot be written: there is no directory/);
  expect(own()).toEqual([]);
});
