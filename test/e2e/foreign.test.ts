// suite: measures, all
/** A machine on the segment that is none of haup's: it speaks VRRP with a VRID of ours, or has a VIP of ours. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { StatusReport } from '../../src/model/status-shape.ts';
import type { VerifyReport } from '../../src/model/report.ts';
import { figure, onHost, testLab } from './haup.ts';
import { type Edit, fast, ownLab } from './own-lab.ts';
import { hangMs } from '../limits.ts';

const { lab, inventory, inLab, apply } = ownLab(testLab('foreign'), {
  edit: (it) => {
    it.hosts['keep_138'] = { address: '192.168.160.138', interface: 'ens33' };
  },
});
const stranger = '192.168.160.138';
const [one, third] = ['192.168.160.161', '192.168.160.163'];
const more: Edit = (it) =>
  void it.vips.push({ address: third, hosts: ['keep_136', 'keep_137'], virtual_router_id: 53 });

/** keepalived on the third host, by hand. */
const speak = (priority: number, vip: string): Promise<string> =>
  onHost(
    lab,
    'keep_138',
    `cat > /etc/keepalived/keepalived.conf <<'X'
global_defs {
  vrrp_version 3
}
vrrp_instance X {
  state BACKUP
  interface ens33
  virtual_router_id 51
  priority ${priority}
  advert_int 0.1
  virtual_ipaddress {
    ${vip}
  }
}
X
systemctl restart keepalived`,
  );
const status = async (): Promise<{ code: number; report: StatusReport }> => {
  const { code, stdout } = await inLab(['status', quick, '--json']);
  return { code, report: JSON.parse(stdout) as StatusReport };
};
const strangers = ({ findings }: Pick<StatusReport, 'findings'>): readonly string[] =>
  findings.filter(({ check }) => check === 'foreign-vrrp').map(({ message }) => message);
async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 90_000; performance.now() < end; await sleep(300)) {
    if (await done()) return;
  }
  throw new Error(`${what}: not within 90 s`);
}
const neighbours = async (): Promise<string> =>
  `${await onHost(lab, 'keep_136', 'ip neigh')}${await onHost(lab, 'keep_137', 'ip neigh')}`;

let quick = '';
beforeAll(async () => {
  quick = inventory(fast);
  await Promise.all([
    apply(quick),
    onHost(lab, 'keep_138', 'apt-get install -y keepalived >/dev/null 2>&1 && systemctl stop keepalived'),
  ]);
});
afterEach(async () => {
  await onHost(
    lab,
    'keep_138',
    `systemctl stop keepalived; ip addr del ${third}/24 dev ens33 2>/dev/null; true`,
  );
  await until('keep_136 has its VIP again', async () => (await status()).code === 0);
});

describe('another VRRP speaker with the same VRID', () => {
  test('and other VIPs is named by status and plan, with address, VRID and priority', async () => {
    await speak(50, '192.168.160.200');
    await until('status names it', async () => strangers((await status()).report).length > 0);
    const { code, report } = await status();
    expect(code).toBe(3);
    expect(strangers(report)).toEqual([
      `${stranger} sends adverts with VRID 51 and priority 50 for 192.168.160.200, and is no member`,
    ]);
    const plan = await inLab(['plan', quick]);
    expect(plan.code).toBe(3);
    expect(plan.stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /Nothing to do: .* 192\.168\.160\.138 sends adverts with VRID 51 and priority 50/,
    );
  });

  test('that has taken the VIP is named, and verify does not wait for it', async () => {
    await speak(254, one);
    await until('it has the VIP', async () => (await onHost(lab, 'keep_138', 'ip -4 -o a')).includes(one));
    await until('status names it', async () => strangers((await status()).report).length > 0);
    const { report } = await status();
    expect(report.ok).toBe(false);
    expect(strangers(report)).toEqual([
      `${stranger} sends adverts with VRID 51 and priority 254 for ${one}, and is no member`,
    ]);
    expect(report.findings.map(({ message }) => message).join()).toMatch(
      /no member holds it, and 02:00:c0:a8:a0:8a on ens33 answers for it/,
    );
    const verified = await inLab(['verify', quick, '--yes', '--json', '--vip', one]);
    expect(verified.code).toBe(3);
    const [drill] = (JSON.parse(verified.stdout) as VerifyReport).vips[0]?.drills ?? [];
    expect(drill?.reasons.join()).toMatch(
      /^not drilled: 192\.168\.160\.138 sends adverts with VRID 51 and priority 254/,
    );
    figure(`verify with a stranger's priority 254: ended after ${(verified.ms / 1000).toFixed(1)} s`);
    expect(verified.stderr).not.toContain('waiting up to');
    expect(verified.ms).toBeLessThan(hangMs(30_000));
  });
});

test('no stranger: nothing is listened for, and nothing is said', async () => {
  const { code, report } = await status();
  expect(code).toBe(0);
  expect(strangers(report)).toEqual([]);
});

test('a VIP that another machine uses is refused before anything is changed', async () => {
  await onHost(lab, 'keep_138', `ip addr add ${third}/24 dev ens33`);
  const wanted = inventory(fast, more);
  const before = await onHost(lab, 'keep_136', 'cat /etc/keepalived/keepalived.conf');
  const refused = await inLab(['apply', wanted, '--yes']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/ADDRESS_IN_USE/);
  expect(refused.stderr).toMatch(/02:00:c0:a8:a0:8a on ens33 answers for 192\.168\.160\.163/);
  expect(await onHost(lab, 'keep_136', 'cat /etc/keepalived/keepalived.conf')).toBe(before);
  expect(await neighbours()).not.toContain(third);
  // Once that machine has let it go, it is brought.
  await onHost(lab, 'keep_138', `ip addr del ${third}/24 dev ens33`);
  await apply(wanted);
  expect(await onHost(lab, 'keep_136', 'ip -4 -o a')).toContain(third);
  expect(await neighbours()).not.toContain(`${third} dev ens33 lladdr 02:00:c0:a8:a0:8a`);
  await apply(quick);
});
