// suite: measures, all
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  eventually,
  figure,
  haup,
  inLab as runInLab,
  loginsLast,
  onHost,
  type Run,
  testLab,
} from './haup.ts';
import { inOrder } from './in-order.ts';
import { installMore } from './more-packages.ts';
import { expectServed, probed } from './probing.ts';
import { scratchDirectory } from '../scratch.ts';

// One cluster behind firewalld and ufw, one behind nftables alone; the tests build on each other.
const lab = testLab('firewall');
const vips = ['192.168.160.161', '192.168.160.162'];
const scratch = scratchDirectory();
const inLab = (...args: readonly string[]): Promise<Run> =>
  runInLab(lab, args, { inside: { HAUP_OVERLAY: '' } });
const on = (host: string, command: string): Promise<string> => onHost(lab, host, command);

function inventory(name: string, changes: object): string {
  const path = join(scratch, `${name}.yaml`);
  const hosts = ['fire', 'wall', 'nft_1', 'nft_2'].map((host, index) => [
    host,
    { address: `192.168.160.${11 + index}`, interface: 'ens33' },
  ]);
  const written = {
    hosts: Object.fromEntries(hosts),
    vips: [
      { address: vips[0], hosts: ['fire', 'wall'] },
      { address: vips[1], hosts: ['nft_1', 'nft_2'] },
    ],
    vrrp: { version: 3, advert_int: 0.1, check: { interval: 1 } },
    keepalived: { from: 'package' },
    nginx: { from: 'package' },
    ...changes,
  };
  writeFileSync(path, JSON.stringify(written));
  return path;
}
const open = inventory('open', {});
const leave = inventory('leave', { firewall: 'leave' });
const other = inventory('other', {
  vrrp: { version: 3, advert_int: 0.1, unicast: true, check: { interval: 1 } },
  nginx: { from: 'package', sites: [{ name: 'default', listen: [80, 8080] }] },
});

/** Strict on the way in and, by a chain that a last rule leads to, on the way out; and with a second table. */
const house = `#!/usr/sbin/nft -f
flush ruleset
table inet house {
  set known { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4 } }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif lo accept
    tcp dport 22 accept
    ip saddr 192.168.160.250 drop
  }
  chain output {
    type filter hook output priority filter; policy accept;
    ct state established,related accept
    oif lo accept
    jump rest
  }
  chain rest {
    tcp sport 22 accept
    counter reject with icmpx admin-prohibited
  }
}
table ip late {
  chain last {
    type filter hook input priority 10; policy accept;
    ct state established,related accept
    tcp dport 22 accept
    iif lo accept
    counter reject
  }
  chain bans {
    type filter hook input priority 20; policy accept;
    ip saddr 192.168.160.251 drop
  }
}
`;

interface Wall {
  readonly host: string;
  readonly start: string;
  /** All that the operator has said to it. */
  readonly rules: string;
  /** True while it filters. */
  readonly filters: string;
}
const nft = (host: string): Wall => ({
  host,
  start: `printf '%s' '${house}' > /etc/nftables.conf; systemctl enable --now nftables 2>&1`,
  rules:
    'nft -s list ruleset; systemctl is-active nftables; ls /etc/systemd/system/*.wants | grep haup; true',
  filters: 'nft list chain inet house input | grep -q "policy drop"',
});
const walls: readonly Wall[] = [
  {
    host: 'fire',
    // A rule of the operator's own, for now only, in the very words that haup would use.
    start: `systemctl restart firewalld && firewall-cmd --add-rich-rule='rule family="ipv4" port port="8080" protocol="tcp" accept'`,
    rules:
      'firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones; firewall-cmd --permanent --get-services; ls -R /etc/firewalld',
    filters: 'nft list chain inet firewalld filter_INPUT | grep -q reject',
  },
  {
    host: 'wall',
    start: 'ufw allow 22/tcp && ufw allow 8080/tcp && ufw --force enable',
    rules:
      'ufw status verbose; cat /etc/ufw/*.rules; ls -l /etc/ufw/*.rules | cut -c 1-20; ls /etc/ufw/applications.d | grep haup; iptables -S; ip6tables -S',
    filters:
      'iptables -S | grep -q "^-P INPUT DROP" && iptables -S ufw-before-input | grep -q ufw-user-input',
  },
  nft('nft_1'),
  nft('nft_2'),
];
const onAll = (command: (wall: Wall) => string): Promise<readonly string[]> =>
  Promise.all(walls.map((wall) => on(wall.host, command(wall))));
/** Notes every moment from now on at which a host is not filtered. */
const guard = (): Promise<readonly string[]> =>
  onAll(
    ({ filters }) =>
      `systemd-run -q --unit=guard sh -c 'while sleep 0.3; do (${filters}) || date >> /root/unguarded; done'`,
  );

const holders = async (): Promise<readonly string[]> => {
  const { stdout } = await inLab('status', open, '--json');
  const { vips: seen }: { vips: { holders: string[] }[] } = JSON.parse(stdout);
  return seen.map((vip) => vip.holders.toSorted().join(' and '));
};
const home = ['fire', 'nft_1'];
const fromOutside = (script: string): Promise<Run> =>
  haup(['lab', 'exec', '--name', lab, '--', 'sh', '-c', script]);
/** For two seconds each VIP is answered by its master: who boots takes its VIP back, and neighbours learn of it. */
const settled = async (): Promise<void> =>
  succeeded(
    await fromOutside(`n=0
for i in $(seq 3000); do
  said=$(for v in ${vips.join(' ')}; do curl -s -m 1 -o /dev/null -D - http://$v/haup/host | tr -d '\\r' | sed -n 's/^x-haup-host: //Ip'; done)
  if [ "$(echo $said)" = '${home.join(' ')}' ]; then n=$((n + 1)); else n=0; fi
  [ $n -lt 20 ] || exit 0
  sleep 0.1
done
echo "$said" >&2; exit 1`),
  );
const succeeded = (run: Run): void => expect(run.code, run.stdout + run.stderr).toBe(0);
const nothingToDo = async (path: string): Promise<void> => succeeded(await inLab('plan', path));

inOrder();
let before: readonly string[] = [];
beforeAll(async () => {
  const path = ['lab', 'up', leave, '--name', lab, '--yes', '--for-pid', String(process.pid)];
  const up = await haup(path);
  if (up.code !== 0) throw new Error(up.stderr);
  await loginsLast(
    lab,
    walls.map(({ host }) => host),
  );
  const nftables = ['nft_1', 'nft_2'].map((host) => on(host, 'apt-get install -qq -y nftables'));
  // firewalld asks /etc/protocols.
  await Promise.all([
    installMore(lab, { fire: ['netbase', 'firewalld', 'nftables'], wall: ['ufw'] }),
    ...nftables,
  ]);
  await onAll(({ start }) => start);
  before = await onAll(({ rules }) => rules);
  await guard();
});
afterAll(async () => {
  await haup(['lab', 'down', '--name', lab]);
});

describe('hosts behind firewalld, ufw and nftables', () => {
  test('are opened for their peers and for nginx; the plan says why, and a second one is empty', async () => {
    const run = await inLab('apply', open, '--yes');
    succeeded(run);
    for (const [peer, tool] of [
      [12, 'firewalld'],
      [11, 'ufw'],
      [14, 'nftables'],
    ])
      expect(run.stdout).toMatch(
        new RegExp(`let multicast VRRP from 192\\.168\\.160\\.${peer} and TCP 80 through ${tool}`),
      );
    expect(await holders()).toEqual(home);
    await nothingToDo(open);
    const verified = await inLab('verify', open, '--yes');
    succeeded(verified);
    figure(`verify behind firewalld, ufw and nftables: ${(verified.ms / 1000).toFixed(1)} s`);
  });

  test('with rules that bear its name and let in no other host', async () => {
    const [fire = '', wall = '', chains = ''] = await onAll(({ rules }) => rules);
    expect(fire).toMatch(
      /rule family="ipv4" source address="192\.168\.160\.12" destination address="224\.0\.0\.18" service name="haup-vrrp" accept/,
    );
    expect(wall).toMatch(/80\/tcp \(haup-nginx-80\) +ALLOW IN +Anywhere +# haup/);
    expect(wall).toMatch(
      /-s 192\.168\.160\.11\/32 -d 224\.0\.0\.18\/32 -p vrrp -m comment --comment "haup vrrp 192\.168\.160\.11 224\.0\.0\.18"/,
    );
    // After what the house refuses by name, and before its last word.
    expect(chains).toMatch(
      /250 drop\s+ip saddr 192\.168\.160\.14 ip daddr 224\.0\.0\.18 ip protocol 112 accept comment "haup vrrp/,
    );
    expect(chains).toMatch(/accept comment "haup ask 192\.168\.160\.162 80"\s+jump rest/);
    expect(chains).toMatch(
      /accept comment "haup tcp 80"\s+counter packets [^"]* reject|"haup tcp 80"\s+counter reject/,
    );
    expect(/chain bans \{[^}]*\}/.exec(chains)?.[0]).not.toMatch(/haup/);
  });

  test('do not hear each other without them, and haup says so; the next apply opens them again', async () => {
    // As an operator does who does not know of the unit.
    await Promise.all(['nft_1', 'nft_2'].map((host) => on(host, 'nft -f /etc/nftables.conf')));
    await eventually(
      'both of those hold it',
      async () => (await holders()).join() === 'fire,nft_1 and nft_2',
    );
    const { stdout } = await inLab('status', open);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /split brain.*look for a firewall that drops IP protocol 112/,
    );
    const left = await inLab('plan', leave);
    expect(left.code).toBe(0);
    const opened = await inLab('apply', open, '--yes');
    succeeded(opened);
    expect(opened.stdout.replace(/\s+/g, ' ')).toMatch(
      /inet house input, inet house output, ip late last of nftables drops it: both hosts would hold a VIP/,
    );
    expect(await holders()).toEqual(home);
  });

  test('stay open when the firewall loads its rules anew, and after a reboot', async () => {
    // Restarting one is the operator's own moment without it.
    await onAll(() => 'systemctl stop guard; cat /root/unguarded 2>/dev/null; true').then((seen) =>
      expect(seen).toEqual(['', '', '', '']),
    );
    await Promise.all([
      on('fire', 'firewall-cmd --reload'),
      on('wall', 'ufw reload'),
      on('nft_2', 'systemctl restart nftables'),
      on(
        'nft_1',
        `systemctl reload nftables; for i in $(seq 600); do [ "$(nft list ruleset | grep -c '"haup ')" = 7 ] && exit; sleep 0.1; done; exit 1`,
      ),
    ]);
    await nothingToDo(open);
    const booted = await Promise.all(
      walls.map(({ host }) => haup(['lab', 'fault', '--name', lab, host, 'reboot'])),
    );
    for (const run of booted) succeeded(run);
    await guard();
    await nothingToDo(open);
    // What the operator had said for this boot only is gone with it.
    await on('fire', walls[0]?.start.replace(/^.*&& /, '') ?? '');
    await settled();
  });

  test('are opened for another port and for unicast before, and closed after, without losing a request', async () => {
    if ((await inLab('plan', open)).code !== 0) succeeded(await inLab('apply', open, '--yes'));
    const seen = await probed(
      vips,
      async () => succeeded(await inLab('apply', other, '--yes')),
      undefined,
      lab,
    );
    for (const one of Object.values(seen)) expectServed(one);
    expect(await holders()).toEqual(home);
    await nothingToDo(other);
    const now = (await onAll(({ rules }) => rules)).map((text) => text.replaceAll(/counter[^\n]*/g, ''));
    for (const text of now) expect(text).not.toMatch(/haup.*224\.0\.0\.18|"224\.0\.0\.18"/);
    const answers = await fromOutside(
      `for v in ${vips.join(' ')}; do curl -s -m 2 -o /dev/null -w '%{http_code} ' http://$v:8080/; done`,
    );
    expect(answers.stdout).toBe('200 200 ');
  });

  test('are opened by a rollback for what the state needs', async () => {
    succeeded(await inLab('rollback', other, '--yes'));
    expect(await holders()).toEqual(home);
    for (const text of await onAll(({ rules }) => rules)) expect(text).toMatch(/224\.0\.0\.18/);
  });

  test('are as they were found after uninstall, and were never without a firewall', async () => {
    succeeded(await inLab('uninstall', open, '--yes'));
    expect(await onAll(({ rules }) => rules)).toEqual(before);
    expect(
      await onAll(() => 'cat /root/unguarded; ls -d /var/lib/haup /usr/libexec/haup* 2>/dev/null; true'),
    ).toEqual(['', '', '', '']);
  });

  test('of a kind that haup does not know: it is refused, and what to let in is said', async () => {
    await on('wall', 'ufw disable; iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -P INPUT DROP');
    const run = await inLab('apply', open, '--yes');
    expect(run.code).toBe(1);
    const said = run.stderr.replace(/\s+/g, ' ');
    expect(said).toMatch(/iptables drops unknown traffic, and haup opens only firewalld, ufw and nftables/);
    expect(said).toMatch(/IP protocol 112 from 192\.168\.160\.11 to 224\.0\.0\.18 and TCP 80/);
    expect(said).toMatch(/HOST_UNSUPPORTED/);
    expect(await on('wall', 'ls -d /var/lib/haup 2>/dev/null; true')).toBe('');
  });
});
