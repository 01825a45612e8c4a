// suite: waits, all
/** Graces on other networks than the example's, between three members, and what ends them early: a reboot, an uninstall. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FailoverReport } from '../../src/model/failover-shape.ts';
import { hangMs } from '../limits.ts';
import { eventually, figure, onHost, type Run, testLab } from './haup.ts';
import { inOrder } from './in-order.ts';
import { type Kinds, openClients, wordsOf } from './open-clients.ts';
import { type Edit, fast, ownLab } from './own-lab.ts';

const hosts = ['keep_136', 'keep_137', 'keep_138'] as const;
const third: Edit = (it) => {
  it.hosts['keep_138'] = { address: '192.168.160.138', interface: 'ens33' };
};
const { lab, inventory, inLab, apply, well, fault } = ownLab(testLab('grace-networks'), { edit: third });
const { clients, serveApp, stop } = openClients(lab);
const [vip, other] = ['192.168.160.161', '192.168.160.162'];
const kinds = { posts: 10, downloads: 2, uploads: 2, sockets: 2, idle: 2 };
let path = '';

beforeAll(async () => {
  const server = await serveApp();
  // One VIP with its prefix and three members, crossed by one without.
  path = inventory(fast, third, (it) => {
    it['grace'] = 60;
    it.vrrp['unicast'] = true;
    Object.assign(it.vips[0] ?? {}, { address: `${vip}/24`, hosts: [...hosts] });
    it.nginx['sites'] = [{ name: 'app', proxy: [server] }];
  });
  await apply(path);
  for (const host of hosts)
    await onHost(
      lab,
      host,
      'for name in all ens33; do echo 1 > /proc/sys/net/ipv4/conf/$name/rp_filter; done',
    );
});
afterAll(stop);

function expectNoneCut(seen: Kinds): void {
  for (const [kind, { cut, lost }] of Object.entries(seen))
    expect({ kind, cut, lost }).toEqual({ kind, cut: [], lost: 0 });
  expect(seen.downloads).toMatchObject({ done: kinds.downloads });
  expect(seen.sockets.open).toBe(kinds.sockets);
}

/** Rules, addresses, settings and records of a grace, but for the lock of its directory. */
async function nothingIsLeft(): Promise<void> {
  const left = `nft list tables | grep haup_grace; ip -o -4 addr show dev lo | grep -v 127.0.0.1
cat /proc/sys/net/ipv4/conf/ens33/arp_ignore /proc/sys/net/ipv4/conf/ens33/arp_announce | grep -v '^0$'
ls /run/haup.grace 2>/dev/null | grep -v '^lock$'; systemctl list-units --all --plain --no-legend 'haup-grace-*'; true`;
  for (const host of hosts) expect(await onHost(lab, host, left), host).toBe('');
}

async function holders(): Promise<string> {
  const held = await Promise.all(
    hosts.map((host) => onHost(lab, host, `ip -o -4 addr show dev ens33 | grep -o '160[.]16[12]'; true`)),
  );
  return held.join('').trim().split('\n').toSorted().join(' ');
}
const one = '160.161 160.162';

/** Runs a command and does something at the first word of connections that are left; `on`: the host they are with. */
function during(args: readonly string[], on: string, what: (pid: number) => void): Promise<Run> {
  let seen = false;
  return inLab([...args, path, '--yes'], {
    limitMs: hangMs(200_000),
    onStderr: (text, pid) => {
      if (seen || !text.includes(`left on ${on}`)) return;
      seen = true;
      what(pid);
    },
  });
}

inOrder();

test.each(['failover', 'failback'])(
  '%s with unicast adverts, a VIP with its prefix and strict rp_filter cuts no connection',
  async (command) => {
    const open = clients(vip, kinds);
    await open.connected;
    const from = command === 'failover' ? 'keep_136' : 'keep_137';
    const moved = await during([command, 'keep_136', '--json'], from, () => open.end());
    const seen = await open.ended;
    figure(`${command}, unicast, /24, rp_filter 1: ${wordsOf(seen)}`);
    expectNoneCut(seen);
    expect((JSON.parse(moved.stdout) as FailoverReport).vips[0]?.grace).toMatchObject({ cut: 0, why: null });
    await nothingIsLeft();
  },
);

test('a restart of three members in turn cuts no connection', async () => {
  const away = clients(vip, kinds);
  await away.connected;
  const done = await during(['service', 'restart', 'nginx'], 'keep_136', () => away.end());
  expect(done, done.stderr).toMatchObject({ code: 0 });
  const seen = await away.ended;
  figure(`three members: ${wordsOf(seen)}`);
  expectNoneCut(seen);
  await nothingIsLeft();
});

test('the old holder reboots in a grace: its connections are reported, and nothing is left on any host', async () => {
  const open = clients(vip, { downloads: 2 });
  await open.connected;
  const faults: Promise<unknown>[] = [];
  // Long enough for a slow host to shut down.
  const moved = await during(['failover', 'keep_136', '--grace', '60'], 'keep_136', () =>
    faults.push(fault('keep_136', 'reboot')),
  );
  await Promise.all(faults);
  expect(faults).toHaveLength(1);
  expect(moved.stdout.replace(/\s+/g, ' '), moved.stderr).toContain('keep_136 cannot be asked');
  open.end();
  await open.ended;
  await eventually('each VIP has one holder', async () => (await holders()) === one, hangMs(60_000));
  // The others end what they do for it.
  await eventually(
    'nothing is left',
    () =>
      nothingIsLeft().then(
        () => true,
        () => false,
      ),
    hangMs(120_000),
  );
  await well(['failback', 'keep_136', path, '--yes', '--grace', '0']);
});

test('an uninstall in a grace without its haup leaves nothing of it', async () => {
  const open = clients(vip, { downloads: 2 });
  await open.connected;
  const first = await during(['failover', 'keep_136'], 'keep_136', (pid) => process.kill(pid, 'SIGKILL'));
  expect(first.code).toBe(137);
  expect(await onHost(lab, 'keep_137', 'nft list tables')).toContain(`haup_grace_${vip}`);
  expect(await onHost(lab, 'keep_136', 'ip -o -4 addr show dev lo')).toContain(vip);
  const gone = await inLab(['uninstall', path, '--packages', '--yes', '--grace', '2', '--lock-wait', '30'], {
    limitMs: hangMs(200_000),
  });
  expect(gone, gone.stderr).toMatchObject({ code: 0 });
  open.end();
  await open.ended;
  await nothingIsLeft();
  for (const host of hosts)
    expect(
      await onHost(lab, host, `ls -d /run/haup.grace; ip -o -4 addr | grep -e ${vip} -e ${other}; true`),
    ).toBe('');
});
