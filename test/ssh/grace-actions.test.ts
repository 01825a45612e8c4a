/** What a host does in a grace, in a network namespace of the test's own; nft and systemd are stand-ins. */

import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hostScript } from '../../src/base/host-script.ts';
import type { Action } from '../../src/model/action.ts';
import { graceDirectory } from '../../src/model/layout.ts';
import { beginGrace, endGrace } from '../../src/ssh/grace-actions.ts';
import { scratchDirectory } from '../scratch.ts';
import { shells } from '../shells.ts';

const [vip, other] = ['192.0.2.100', '192.0.2.101'];
type Begin = Parameters<typeof beginGrace>[0];
const answer = (address = vip, device = 'ens33'): Begin => ({
  do: 'grace-answer',
  grace: { vip: address, device, seconds: 60 },
});
const forward = (address = vip): Begin => ({
  do: 'grace-forward',
  grace: { vip: address, device: 'ens33', seconds: 60 },
  to: '192.0.2.2',
});
const end = (address = vip): Extract<Action, { do: 'grace-end' }> => ({ do: 'grace-end', vip: address });

const state = (
  directory: string,
): string => `echo "lo: $(ip -o -4 addr show dev lo | awk '{ print $4 }' | xargs)"
echo "arp: $(cat /proc/sys/net/ipv4/conf/ens33/arp_ignore /proc/sys/net/ipv4/conf/ens33/arp_announce | xargs)"
echo "records: $(ls ${directory} 2>/dev/null | xargs)"
echo "tables: $(ls ${directory}.nft | xargs)"
`;

/** Runs actions, or commands, one after the other on a host with ens33, and gives what each has said and left. */
function after(
  actions: readonly (Begin | Extract<Action, { do: 'grace-end' }> | string)[],
  before = '',
): readonly string[] {
  const bin = scratchDirectory();
  const directory = join(bin, 'grace');
  const stand = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  stand('systemctl', 'exit 0');
  stand('systemd-run', 'exit 0');
  // A table is a file with its rules.
  stand(
    'nft',
    `case "$*" in
  '-c -f -') exit 0 ;;
  'delete table ip '*) rm "${directory}.nft/$4" ;;
  '-f -') rules=$(cat); name=$(printf '%s\\n' "$rules" | sed -n 's/^table ip \\([^ ]*\\) {/\\1/p'); printf '%s\\n' "$rules" > "${directory}.nft/$name" ;;
esac`,
  );
  const run = actions.map((action) => {
    const script =
      typeof action === 'string'
        ? action
        : (action.do === 'grace-end' ? endGrace(action) : beginGrace(action)).script;
    return `sh -s <<'script' || echo "status $?"
${script.replaceAll(graceDirectory, directory)}
script
${state(directory)}echo ---`;
  });
  const text = `PATH=${bin}:$PATH
mkdir ${directory}.nft
ip link set lo up
ip link add ens33 type veth peer name ens34
ip link set ens33 up; ip link set ens34 up
${before}
${run.join('\n')}`;
  const said = execFileSync('unshare', ['--net', 'sh', '-c', text], { encoding: 'utf8' });
  return said.replaceAll(/ +$/gm, '').split('---\n').slice(0, -1);
}

const none = 'lo: 127.0.0.1/8\narp: 0 0\nrecords: lock\ntables:\n';

test('a host answers, and is as it was when the grace is over', () => {
  expect(after([answer(), end()])).toEqual([
    `lo: 127.0.0.1/8 ${vip}/32\narp: 1 2\nrecords: ${vip}.answer arp.ens33 end.${vip} lock\ntables:\n`,
    none,
  ]);
});

test('a part that a dead run has begun goes on when the next one gives the host the other part, and both end together', () => {
  const both = `lo: 127.0.0.1/8 ${vip}/32\narp: 1 2\nrecords: ${vip}.answer ${vip}.forward arp.ens33 end.${vip} lock\ntables: haup_grace_${vip}\n`;
  expect(after([answer(), forward(), end()]).slice(1)).toEqual([both, none]);
  expect(after([forward(), answer(), answer(), end()]).slice(1)).toEqual([both, both, none]);
});

test('in a mutual backup a host answers for one VIP and forwards the other, and each ends by itself', () => {
  const [, both, one, neither] = after([answer(), forward(other), end(), end(other)]);
  expect(both).toBe(
    `lo: 127.0.0.1/8 ${vip}/32\narp: 1 2\nrecords: ${vip}.answer ${other}.forward arp.ens33 end.${vip} end.${other} lock\ntables: haup_grace_${other}\n`,
  );
  expect(one).toBe(
    `lo: 127.0.0.1/8\narp: 0 0\nrecords: ${other}.forward end.${other} lock\ntables: haup_grace_${other}\n`,
  );
  expect(neither).toBe(none);
});

test.each([
  ['that lost the VIP', 'true', '-K -t state connected src 192.0.2.100\n'],
  ['that has it', `ip addr add ${vip}/32 dev ens33`, ''],
  ['that answers for it', `ip addr add ${vip}/32 dev lo`, ''],
])('sockets of a VIP on a host %s are closed only where they are left over', (_host, before, closed) => {
  const stand = `printf '#!/bin/sh\necho "$*" >> %s/closed\n' "\${PATH%%:*}" > "\${PATH%%:*}/ss"
chmod +x "\${PATH%%:*}/ss"; touch "\${PATH%%:*}/closed"`;
  const [, said] = after([forward(), 'cat "${PATH%%:*}/closed"'], `${before}\n${stand}`);
  expect(said?.split('lo: ')[0]).toBe(closed);
});

test('settings of the interface come back with the last grace of it', () => {
  const [, , first, second] = after([answer(), answer(other), end(), end(other)]);
  expect(first).toBe(
    `lo: 127.0.0.1/8 ${other}/32\narp: 1 2\nrecords: ${other}.answer arp.ens33 end.${other} lock\ntables:\n`,
  );
  expect(second).toBe(none);
});

test('settings that were stricter stay so, and so does an address that was on lo before', () => {
  const strict = `echo 8 > /proc/sys/net/ipv4/conf/ens33/arp_ignore; ip addr add ${vip}/32 dev lo`;
  const left = `lo: 127.0.0.1/8 ${vip}/32\narp: 8 0\n`;
  const [during, ended] = after([answer(), end()], strict);
  expect(during).toContain('arp: 8 2\n');
  expect(ended).toContain(left);
});

test('a VIP that has another interface now begins anew', () => {
  const [, moved, ended] = after([answer(vip, 'ens34'), answer(), end()]);
  expect(moved).toContain(`records: ${vip}.answer arp.ens33 end.${vip} lock\n`);
  expect(ended).toBe(none);
});

const established = (info: string): string =>
  `ESTAB 0 0 192.0.2.100:80 192.0.2.1:45298\n\t ts sack rto:204 ${info}`;
const counted: readonly (readonly [string, string, number])[] = [
  ['has a request under way', established('bytes_received:87 lastsnd:9000 lastrcv:9000 lastack:9000'), 1],
  [
    'was asked once and is idle',
    established('bytes_acked:192 bytes_received:87 lastsnd:50000 lastrcv:50000'),
    1,
  ],
  ['was opened a moment ago', established('segs_in:2 lastsnd:120 lastrcv:120 lastack:120'), 1],
  ['was opened this instant', established('segs_in:2'), 1],
  ['has carried nothing in 3 s', established('segs_in:2 lastsnd:4304 lastrcv:4304 lastack:4304'), 0],
  ['has sent what is not acknowledged yet', established('unacked:1 lastsnd:4000 lastrcv:4000'), 1],
  ['is retransmitting', established('backoff:3 bytes_received:87 unacked:4 retrans:1/3'), 1],
  [
    'has had no answer to six retransmissions',
    established('backoff:6 bytes_received:87 unacked:4 retrans:1/6'),
    0,
  ],
  ['of which the kernel says no more', 'FIN-WAIT-1 0 1 192.0.2.100:80 192.0.2.1:40874', 1],
];

const silent = established('bytes_received:87 lastsnd:9000 lastrcv:9000 lastack:9000');
const heardOf = established('bytes_received:87 lastsnd:9000 lastrcv:9000 lastack:1500');
/** For how many seconds the host has had the VIP, if that is known. */
const served: readonly (readonly [string, string, number | null, number])[] = [
  ['silent since before the VIP came is reset already', silent, 5, 0],
  ['silent since the VIP is here is idle', silent, 30, 1],
  ['that has acknowledged something since is idle', heardOf, 5, 1],
  ['silent for longer than it is known who had the VIP may be idle', silent, null, 1],
];

describe.each(shells)('by %s', (_shell, program, args) => {
  const shell = (script: string, env: NodeJS.ProcessEnv = {}): string =>
    execFileSync(program, [...args, '-c', script], { encoding: 'utf8', env: { ...process.env, ...env } });

  test.each(counted)('a connection that %s', (_what, said, count) => {
    const script = `ss() { printf '%s\\n' "$said"; }\n${hostScript('count-connections')}count_connections ${vip}`;
    const run = (text: string): string => shell(script, { said: text });
    expect(run(said)).toBe(`${count}\n`);
    expect(run(`${said}\n${established('bytes_received:1')}`)).toBe(`${count + 1}\n`);
  });

  test.each(served)('a connection %s', (_what, said, seconds, count) => {
    const since =
      seconds === null ? 'echo 0' : `awk '{ printf "%.0f\\n", ($1 - ${seconds}) * 100 }' /proc/uptime`;
    const script = `${hostScript('count-connections')}
ss() { printf '%s\\n' "$said"; }
vip_since() { ${since}; }
count_connections ${vip}`;
    expect(shell(script, { said })).toBe(`${count}\n`);
  });

  test('a host knows since when it has an address, but not of that on lo', () => {
    const script = hostScript('count-connections').replaceAll(graceDirectory, scratchDirectory());
    const said = execFileSync(
      'unshare',
      [
        '--net',
        program,
        ...args,
        '-c',
        `${script}
ip link add ens33 type veth peer name ens34
ip addr add ${other}/24 dev ens33
sleep 0.5
ip addr add ${vip}/32 dev ens33
ip addr add ${vip}/32 dev lo
ip addr add 192.0.2.102/32 dev lo
cut -d ' ' -f 1 /proc/uptime
for address in ${vip} ${other} 192.0.2.102; do vip_since "$address"; done`,
      ],
      { encoding: 'utf8' },
    );
    const [now = 0, ...since] = said.trim().split('\n').map(Number);
    const [ofVip = 0, ofOther = 0, onLo] = since;
    // The kernel counts its ticks from a moment earlier or later than its clock.
    expect(Math.abs(now * 100 - ofVip)).toBeLessThan(200);
    expect(ofVip - ofOther).toBeGreaterThanOrEqual(50);
    expect(onLo).toBe(0);
  });
});

test('a host that answers still knows since when it had the VIP, also in the next run', () => {
  const record = `cut -d ' ' -f 6 ${graceDirectory}/${vip}.answer`;
  const [, first, , , next] = after(
    [answer(), record, `ip addr del ${vip}/32 dev ens33`, answer(), record],
    `ip addr add ${vip}/32 dev ens33`,
  );
  const since = Number(first?.split('\n')[0]);
  expect(since).toBeGreaterThan(0);
  expect(Number(next?.split('\n')[0])).toBe(since);
});
