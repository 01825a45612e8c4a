// suite: waits, all
/** haup killed with -9 in the middle of a drill: the host is as it was when the timer on it has gone off, at the latest. */

import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { type DrillName, drillNames } from '../../src/model/fault.ts';
import { hangMs } from '../limits.ts';
import { eventually, figure, onHost, testLab } from './haup.ts';
import { killInner } from './kill.ts';
import { type Edit, fast, ownLab, soak } from './own-lab.ts';

const lab = testLab('killed-drills');
const { inLab, inventory, apply } = ownLab(lab);

const allowed: Edit = (it) => {
  it['verify'] = { allow: drillNames };
};
let path = '';
beforeAll(async () => {
  path = inventory(fast, allowed);
  await apply(path);
});

/** All that a drill may change there, and what it leaves. */
const state = (): Promise<string> =>
  onHost(
    lab,
    'keep_136',
    `ip -o addr show dev ens33 | sed 's/ *valid_lft.*//' | awk '{print $3, $4}'; ip -o link show dev ens33 | grep -o 'state [A-Z]*'; ip route
    systemctl is-active keepalived nginx
    for comm in $(grep -lsx nginx /proc/[0-9]*/comm); do grep -o 'State:.T' "\${comm%comm}status"; done
    nft list tables; cat /var/lib/haup/drain 2>/dev/null
    ls /run/haup.drill* /run/haup-drill* /etc/tmpfiles.d 2>/dev/null; systemctl list-units --all --no-legend 'haup-drill-*'; true`,
  );

/** From the first word of the drill until haup is killed: the break, the time until it is restored, the way back. */
const moments = Array.from({ length: soak > 0 ? 10 : 1 }, (_, index) => 300 + index * 450);
const drilled: readonly DrillName[] =
  soak > 0 ? drillNames : ['nginx', 'hang', 'link', 'vrrp-block', 'reboot'];
const cases = drilled.flatMap((name) => moments.map((ms) => [name, ms] as const));

test.each(cases)(
  '%s, killed after %d ms',
  async (name, ms) => {
    const before = await state();
    expect(before).toContain('192.168.160.161');
    let killedAt = 0;
    let heard = '';
    const killing: Promise<void>[] = [];
    await inLab(['verify', path, '--yes', '--drill', name, '--vip', '192.168.160.161', '--grace', '2'], {
      onStderr: (text, pid) => {
        heard += text;
        if (killing.length > 0 || !/192\.168\.160\.161: (?!waiting)/.test(heard)) return;
        killing.push(
          sleep(ms).then(async () => {
            killedAt = performance.now();
            await killInner(pid, 'SIGKILL');
          }),
        );
      },
    });
    expect(killing).toHaveLength(1);
    await Promise.all(killing);
    let now = '';
    await eventually(
      'the host is as it was',
      async () => {
        now = await state().catch(() => 'out of reach');
        return now === before;
      },
      hangMs(90_000),
    ).catch(() => expect(now).toBe(before));
    figure(
      `${name}, killed after ${ms} ms: as it was ${((performance.now() - killedAt) / 1000).toFixed(1)} s later`,
    );
  },
  hangMs(200_000),
);
