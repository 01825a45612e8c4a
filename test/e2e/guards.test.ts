/** What an apply, or `haup service`, must not do to hosts that serve, and what it must mend: seen by clients. */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultRoots, labPaths } from '../../src/lab/names.ts';
import { skewMs } from '../../src/verify/bounds.ts';
import { figure, onHost, testLab } from './haup.ts';
import { type Edit, fast, ownLab } from './own-lab.ts';

const { lab, inventory, inLab, well, apply, pending, underLoad } = ownLab(testLab('guards'));

/** All VIPs on one host: the other one is a standby. */
const oneMaster: Edit = (it) => it.vips.forEach((vip) => (vip['hosts'] = ['keep_136', 'keep_137']));
/** A site in nginx's own words, beside the ordinary one. */
const site =
  (text: string, more: object = {}): Edit =>
  (it) => {
    it.nginx['sites'] = [
      { name: 'default', listen: [80], server_names: ['_'] },
      { name: 'own', file: write(text), ...more },
    ];
  };
const written: string[] = [];
const write = (text: string): string => {
  written.push(text);
  return text;
};

let quick = '';
let standby = '';
beforeAll(async () => {
  quick = inventory(fast);
  standby = inventory(fast, oneMaster);
  await apply(quick);
});
beforeEach(async () => {
  await inLab(['apply', quick, '--yes', '--lock-wait', '60']);
});

const since = (host: string, service: string): Promise<string> =>
  onHost(lab, host, `systemctl show -p ActiveEnterTimestampMonotonic -p MainPID ${service}`);
const touch = (host: string): Promise<string> =>
  onHost(lab, host, `echo '# touched' >> /etc/systemd/system/keepalived.service; systemctl daemon-reload`);
/** Runs as root on a host, from a hook. */
const hook = (when: string, host: string, command: string): string =>
  `grep -q '"host":"${when}"' && ssh -F ${labPaths(defaultRoots, lab).sshConfig} ${host} '${command}'; true`;

/** The lower priority of the example, and what a measurement on a busy machine may add. */
const stopMs = skewMs({ version: 3 }, 0.1, 80) + 133;

test('a standby that has become the only server before its turn is left alone', async () => {
  await apply(standby);
  await touch('keep_137');
  const path = inventory(fast, oneMaster, (it) => {
    it.hooks = { before_host: hook('keep_137', 'keep_136', 'systemctl stop keepalived') };
  });
  const before = await since('keep_137', 'keepalived');
  const seen = await underLoad('the standby has become the only server', async () => {
    const ran = await inLab(['apply', path, '--yes']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/GATE_FAILED/);
  });
  expect(await since('keep_137', 'keepalived')).toBe(before);
  expect(seen.longestGapMs).toBeLessThan(stopMs);
  // What is left is done by the next one, without a loss.
  await onHost(lab, 'keep_136', 'systemctl start keepalived');
  await sleep(2000);
  expect(await underLoad('and the next apply', () => apply(standby))).toMatchObject({ lost: 0 });
  expect(await since('keep_137', 'keepalived')).not.toBe(before);
});
