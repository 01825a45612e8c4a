// suite: waits, all
/** haup killed with -9 during a grace: the hosts end it by their own timers, and each VIP has one holder. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hangMs } from '../limits.ts';
import { eventually, figure, onHost, testLab } from './haup.ts';
import { graceLeftOn, openClients } from './open-clients.ts';
import { type Edit, fast, ownLab, nginxOption, soak } from './own-lab.ts';

const { lab, inventory, inLab, well } = ownLab(testLab('killed-graces'));
const { clients, serveApp, stop } = openClients(lab);
const vip = '192.168.160.161';
const hosts = ['keep_136', 'keep_137'] as const;
let paths: readonly [string, string] = ['', ''];

beforeAll(async () => {
  const server = await serveApp();
  const site: Edit = (it) => {
    it['grace'] = 60;
    it.nginx['sites'] = [{ name: 'app', proxy: [server] }];
  };
  paths = [inventory(fast, site), inventory(fast, site, nginxOption)];
  for (const path of [paths[1], paths[0]]) await well(['apply', path, '--yes', '--grace', '10']);
});
afterAll(stop);

/** What a grace has left on any host, and which VIPs each has. */
async function state(): Promise<string> {
  const held = (host: string): Promise<string> =>
    onHost(lab, host, "ip -o -4 addr show dev ens33 | grep -o '160[.]16[12]' | sort; true");
  const left = await Promise.all(hosts.map((host) => graceLeftOn(lab, host)));
  return `${left.join('')}${(await Promise.all(hosts.map(held))).join('').split('\n').toSorted().join(' ')}`;
}
const none = ' 160.161 160.162';

/** From the first word of the grace until after its end. */
const graceSeconds = 4;
const moments = Array.from({ length: soak > 0 ? 10 : 1 }, (_, index) =>
  soak > 0 ? index * 500 : (graceSeconds * 1000) / 2,
);
// grace.test.ts has a failover that is killed once.
const commands = soak > 0 ? ['failover', 'apply'] : ['apply'];
const cases = commands.flatMap((command) => moments.map((ms, index) => [command, ms, index] as const));

/** A run that is killed while it waits for connections. */
async function killedInGrace(...args: readonly string[]): Promise<void> {
  let killed = false;
  const { code } = await inLab([...args, '--yes'], {
    limitMs: hangMs(200_000),
    onStderr: (text, pid) => {
      if (killed || !text.includes('left on keep_136')) return;
      killed = true;
      process.kill(pid, 'SIGKILL');
    },
  });
  expect(code).toBe(137);
}

test.each([
  ['apply goes on keeping the connections that a killed one kept', ['apply', 1], []],
  [
    'apply waits before it restarts a host that a killed failover has left with connections',
    ['failover', 0],
    ['failback', 'keep_136'],
  ],
] as const)(
  'the next %s',
  async (_what, [command, which], back) => {
    const open = clients(vip, { downloads: 2, posts: 5 });
    await open.connected;
    await killedInGrace(command, ...(command === 'failover' ? ['keep_136'] : []), paths[which]);
    let waits = false;
    // A host that a failover has drained takes nothing over, so that its peer cannot be changed.
    const alone = command === 'failover' ? ['--limit', 'keep_136'] : [];
    if (alone.length > 0) {
      const refused = await inLab(['apply', paths[1], '--yes', '--lock-wait', '30']);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/keep_137\s+cannot\s+hand\s+over[^]*haup\s+failback\s+keep_136/);
    }
    const next = await inLab(['apply', paths[1], '--yes', '--lock-wait', '30', ...alone], {
      limitMs: hangMs(200_000),
      onStderr: (text) => {
        if (waits || !text.includes('left on keep_136')) return;
        waits = true;
        open.end();
      },
    });
    expect(waits).toBe(true);
    expect(next.stderr).toContain('[keep_136] done: restart nginx');
    expect(next.code, next.stderr).toBe(0);
    expect(await open.ended).toMatchObject({ downloads: { done: 2, cut: [] }, posts: { lost: 0, cut: [] } });
    if (back.length > 0) await well([...back, paths[1], '--yes', '--grace', '0']);
    await well(['apply', paths[0], '--yes', '--grace', '0']);
    expect(await state()).toBe(none);
  },
  hangMs(300_000),
);

test.each(cases)(
  '%s, killed %d ms into its grace',
  async (command, ms, index) => {
    const wanted = paths[index % 2 === 0 ? 1 : 0];
    const args = command === 'failover' ? ['failover', 'keep_136', paths[0]] : ['apply', wanted];
    const open = clients(vip, { downloads: 2, posts: 5 });
    await open.connected;
    const killing: Promise<void>[] = [];
    let killedAt = 0;
    await inLab([...args, '--yes', '--grace', String(graceSeconds)], {
      limitMs: hangMs(200_000),
      onStderr: (text, pid) => {
        if (killing.length > 0 || !/connections? left on/.test(text)) return;
        killing.push(
          sleep(ms).then(() => {
            killedAt = performance.now();
            try {
              process.kill(pid, 'SIGKILL');
            } catch {
              // The last moments come after its end.
            }
          }),
        );
      },
    });
    expect(killing).toHaveLength(1);
    await Promise.all(killing);
    let now = '';
    await eventually(
      'nothing is left of the grace, and each VIP has one holder',
      async () => (now = await state()) === none,
      hangMs(60_000),
    ).catch(() => expect(now).toBe(none));
    figure(
      `${command}, killed ${ms} ms into its grace: nothing left ${Math.round(performance.now() - killedAt)} ms later`,
    );
    open.end();
    await open.ended;
    const back = command === 'failover' ? ['failback', 'keep_136', paths[0]] : ['apply', wanted];
    await well([...back, '--yes', '--grace', '0', '--lock-wait', '30']);
    expect(await state()).toBe(none);
  },
  hangMs(300_000),
);
