/** Gratuitous ARP, between two network namespaces of the test's own: what a neighbour takes a VIP for. */

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { hostScript } from '../../src/base/host-script.ts';

const vip = '192.0.2.100';
const mac = { one: '02:00:00:00:00:01', two: '02:00:00:00:00:02' };

/**
 * A client that knows the VIP at `two`, and hosts `one` and `two`, which both have it. Runs a script on `one` with
 * the given interpreters alone, and gives where the client takes the VIP to be afterwards.
 */
function heard(script: string, hidden: readonly string[] = [], asked = vip): string {
  const hide = hidden.map((path) => `[ ! -e ${path} ] || mount --bind /dev/null ${path}`).join('\n');
  const text = `set -e
mount -t tmpfs tmpfs /run; mkdir /run/netns
ip link set lo up
ip link add bridge type bridge; ip link set bridge up; ip addr add 192.0.2.1/24 dev bridge
for host in one two; do
  ip netns add $host
  ip link add $host type veth peer name ens33 netns $host
  ip link set $host master bridge; ip link set $host up
done
ip -n one link set ens33 address ${mac.one}; ip -n two link set ens33 address ${mac.two}
for host in one two; do ip -n $host link set ens33 up; ip -n $host addr add ${vip}/24 dev ens33; done
ip neigh replace ${asked} lladdr ${mac.two} dev bridge nud stale
${hide}
ip netns exec one sh <<'script'
${script}
script
ip neigh show ${asked} | sed 's/.*lladdr \\([^ ]*\\).*/\\1/'`;
  return execFileSync('unshare', ['--mount', '--net', 'sh', '-c', text], { encoding: 'utf8' }).trim();
}

/** Arithmetic of sh, so that it is the moment at which the host begins. */
const upMs = `$(awk '{ print int($1 * 1000) }' /proc/uptime)`;
const job = (addresses: readonly string[], at = upMs, forMs = 3000): string =>
  `${hostScript('announce')}announce "$((${at}))" ${forMs} ${addresses.join(' ')}`;
const programs: readonly (readonly [string, readonly string[]])[] = [
  ['perl', []],
  ['python', ['/usr/bin/perl']],
];

test.each(programs)('with %s, a neighbour takes the VIP to be here', (_name, hidden) => {
  expect(heard(job([vip]), hidden)).toBe(mac.one);
});

test.each(programs)(
  'with %s, nothing is said once the time is over, however slow the host is',
  (_name, hidden) => {
    expect(heard(job([vip], `${upMs} - 1000`, 900), hidden)).toBe(mac.two);
  },
);

test('it is said in time on a host where programs take long', () => {
  const slow = 'ip() { sleep 0.2; command ip "$@"; }\n';
  expect(heard(slow + job([vip], `${upMs} + 1200`, 50))).toBe(mac.one);
});

test('a VIP that the host takes at the last moment is announced', () => {
  const other = '192.0.2.101';
  const late = `(sleep 0.7; ip addr add ${other}/24 dev ens33) &\n`;
  expect(heard(late + job([other, vip], `${upMs} + 1000`), [], other)).toBe(mac.one);
});

test('a VIP that is not here is not announced', () => {
  expect(heard(job(['192.0.2.101']))).toBe(mac.two);
});
