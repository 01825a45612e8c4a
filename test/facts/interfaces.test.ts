import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { hostScript } from '../../src/base/host-script.ts';
import { parseInterfaces } from '../../src/facts/interfaces.ts';
import type { InterfaceFacts } from '../../src/model/facts.ts';

const facts = (output: string): readonly InterfaceFacts[] => {
  const lines = output.split('\n');
  const records = lines.map((line) => line.split('\t'));
  const all = (kind: string) => records.filter(([is]) => is === kind).map((record) => record.slice(1));
  return parseInterfaces({ all, output: () => lines });
};
/** What a host with these addresses says, with `ip` and without it. */
function told(hidden: boolean): readonly InterfaceFacts[] {
  const text = `set -e
ip link set lo up
ip link add ens33 type veth peer name other; ip link set ens33 up; ip link set other up
ip link add ens34 type veth peer name third; ip link set ens34 up
ip addr add 192.0.2.11/24 dev ens33; ip addr add 192.0.2.12/24 dev ens33; ip addr add 198.51.100.130/25 dev ens34
ip route add default via 192.0.2.1
${hidden ? 'PATH=/none' : ''}
set +e
${hostScript('facts-interfaces')}`;
  const said = execFileSync(
    'unshare',
    ['--mount', '--net', 'sh', '-c', `mount -t sysfs sysfs /sys; ${text}`],
    {
      encoding: 'utf8',
    },
  );
  expect(said.includes('bare\t')).toBe(hidden);
  return facts(said)
    .filter(({ name }) => /^ens|^lo$/.test(name))
    .map((one) => ({ ...one, addresses: one.addresses.filter((address) => !address.includes(':')) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

test('a host without ip says the same of its interfaces', () => {
  const without = told(true);
  expect(without).toEqual(told(false));
  expect(without).toEqual([
    { name: 'ens33', up: true, addresses: ['192.0.2.11/24', '192.0.2.12/24'] },
    { name: 'ens34', up: false, addresses: ['198.51.100.130/25'] },
    { name: 'lo', up: true, addresses: ['127.0.0.1/8'] },
  ]);
});
