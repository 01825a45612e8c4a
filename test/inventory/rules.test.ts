import { expect, test } from 'vitest';
import { problems, read } from './reading.ts';

interface Text {
  readonly hosts?: string;
  readonly vips?: string;
  readonly vrrp?: string;
  readonly sites?: string;
}

/** Each part begins its line, so that columns are easy to count. */
const inventory = ({
  hosts = '{a: {address: 10.0.0.1}, b: {address: 10.0.0.2}, c: {address: 10.0.0.3}}',
  vips = '[{address: 10.0.0.9, hosts: [a, b]}]',
  vrrp = '{}',
  sites = '[{name: one}]',
}: Text): string => `hosts:\n ${hosts}\nvips:\n ${vips}\nvrrp:\n ${vrrp}\nnginx:\n sites:\n  ${sites}\n`;

const two = (first: string, second: string): string =>
  `[{hosts: [a, b], ${first}}, {hosts: [b, a], ${second}}]`;

const refused: readonly [what: string, text: Text, ...expected: RegExp[]][] = [
  [
    'an address of two hosts',
    { hosts: '{a: {address: Web}, b: {address: web}}' },
    /^2:35 b has the address of a, web = Two hosts/,
  ],
  [
    'a name that is the address of another host',
    { hosts: '{a: {address: b}, b: }' },
    /^2:20 b has the address of a, b/,
  ],
  [
    'an address in two words',
    { hosts: '{a: {address: x, ansible_host: y}, b: }' },
    /^2:19 ansible_host means the same as address = Keep address/,
  ],
  [
    'a user in two words',
    { hosts: '{a: {ssh: {user: x}, ansible_user: y}, b: }' },
    /^2:23 ansible_user means the same as ssh\.user/,
  ],
  [
    'an unknown host',
    { vips: '[{address: 10.0.0.9, hosts: [a, bb1]}]' },
    /^4:34 bb1 is not one of the hosts = Add it to hosts, or use one of a, b, c\.$/,
  ],
  [
    'a mistyped host',
    { hosts: '{keep_136: , keep_137: }', vips: '[{address: 10.0.0.9, hosts: [keep_136, kep_137]}]' },
    / = Did you mean keep_137\?$/,
  ],
  [
    'a host called x-…',
    { hosts: '{x-ray: , b: }', vips: '[{address: 10.0.0.9, hosts: [x-ray, b]}]' },
    /x-ray is not one of the hosts = Names that begin with x- are ignored/,
  ],
  [
    'a host twice in a VIP',
    { vips: '[{address: 10.0.0.9, hosts: [a, b, a]}]' },
    /^4:37 a appears twice in the hosts of this VIP/,
  ],
  [
    'a VIP twice',
    { vips: two('address: 10.0.0.9', 'address: 10.0.0.9/24, virtual_router_id: 8') },
    /^4:64 10\.0\.0\.9 is already a VIP/,
  ],
  [
    'a name twice',
    { vips: two('address: 10.0.0.8, name: VI_2', 'address: 10.0.0.9') },
    /two VIPs are named VI_2/,
  ],
  [
    'a VIP that is a host',
    { vips: '[{address: 10.0.0.3, hosts: [a, b]}]' },
    /^4:13 the VIP 10\.0\.0\.3 is the address of the host c/,
  ],
  [
    'a network address',
    { vips: '[{address: 10.0.0.128/25, hosts: [a, b]}]' },
    /is the address of its network/,
  ],
  [
    'a broadcast address',
    { vips: '[{address: 10.0.0.255/24, hosts: [a, b]}]' },
    /is the broadcast address of its network/,
  ],
  [
    'a multicast address',
    { vips: '[{address: 224.0.0.18, hosts: [a, b]}]' },
    /is a multicast or reserved address/,
  ],
  ['a loopback address', { vips: '[{address: 127.0.0.9, hosts: [a, b]}]' }, /is a loopback address/],
  [
    'a VRID twice',
    { vips: two('address: 10.0.0.8, virtual_router_id: 51', 'address: 10.0.0.9, virtual_router_id: 51') },
    /^4:116 virtual_router_id 51 is already used by VI_1 = Set another virtual_router_id for VI_2/,
  ],
  [
    'two last octets that clash',
    { vips: two('address: 10.0.0.9', 'address: 10.0.1.9') },
    /^4:64 virtual_router_id 9, the last octet of 10\.0\.1\.9, is already used by VI_1/,
  ],
  [
    'a last octet of 0',
    { vips: '[{address: 10.0.1.0/16, hosts: [a, b]}]' },
    /^4:13 the last octet of 10\.0\.1\.0\/16 is 0, which is not a valid VRID/,
  ],
  [
    'too few priorities',
    { vips: '[{address: 10.0.0.9, hosts: [a, b, c]}]', vrrp: '{priorities: [100, 80]}' },
    /^4:30 VI_1 has 3 hosts and 2 priorities/,
  ],
  [
    "too few priorities of the VIP's own",
    { vips: '[{address: 10.0.0.9, hosts: [a, b, c], priorities: [9, 8]}]' },
    /^4:53 VI_1 has 3 hosts and 2 priorities/,
  ],
  [
    'a backup no higher than a drained master',
    { vrrp: '{priorities: [100, 1]}' },
    /^6:21 a backup with priority 1 cannot take over from a drained master, which has 1 = Write 2 or more/,
  ],
  [
    'a backup no higher than one that an apply drains',
    { vips: '[{address: 10.0.0.9, hosts: [a, b], priorities: [254, 2]}]' },
    /^4:56 a backup with priority 2 cannot take over .*, which has 2 = Write 3 or more/,
  ],
  ['equal priorities', { vrrp: '{priorities: [100, 100]}' }, /^6:21 priority 100 follows 100/],
  [
    'rising priorities',
    { vips: '[{address: 10.0.0.9, hosts: [a, b], priorities: [80, 100]}]' },
    /^4:55 priority 100 follows 80/,
  ],
  [
    'half a second in version 2',
    { vrrp: '{advert_int: 0.5}' },
    /^6:15 VRRP version 2 counts whole seconds, not 0\.5/,
  ],
  [
    "a VIP's half second in version 2",
    { vips: '[{address: 10.0.0.9, hosts: [a, b], advert_int: 1.5}]' },
    /^4:50 VRRP version 2/,
  ],
  [
    'a thousandth in version 3',
    { vrrp: '{version: 3, advert_int: 0.015}' },
    /VRRP version 3 counts hundredths/,
  ],
  ['41 seconds in version 3', { vrrp: '{version: 3, advert_int: 41}' }, /up to 40\.95, not 41/],
  [
    'a password in version 3',
    { vrrp: '{version: 3, auth_pass: env:A}' },
    /^6:15 VRRP version 3 has no authentication/,
  ],
  [
    'a check longer than its interval',
    { vrrp: '{check: {interval: 1, timeout: 2}}' },
    /^6:33 a check that may take 2 s cannot run every 1 s/,
  ],
  [
    'a check longer than the default interval',
    { vrrp: '{check: {timeout: 3}}' },
    /a check that may take 3 s cannot run every 2 s/,
  ],
  [
    'unicast in the documented profile',
    { vrrp: '{profile: documented, unicast: true}' },
    /^6:33 the documented profile has no unicast/,
  ],
  [
    'a site twice',
    { sites: '[{name: one}, {name: one, listen: [81]}]' },
    /^9:24 one is the name of two sites/,
  ],
  [
    'a site of two kinds',
    { sites: '[{name: one, root: /srv, proxy: [a]}]' },
    /^9:28 a site serves root or proxy, not both/,
  ],
  ['two sites of one name', { sites: '[{name: one}, {name: two}]' }, /two sites answer for _ on 80/],
  [
    'two default servers',
    {
      sites:
        '[{name: one, server_names: [a], listen: ["80 default_server"]}, {name: two, server_names: [b], listen: ["80 default_server"]}]',
    },
    /^9:107 two sites answer by default on 80/,
  ],
  [
    'a site on a VIP',
    { sites: '[{name: one, listen: ["10.0.0.9:8080"]}]' },
    /^9:25 10\.0\.0\.9 is a VIP: nginx would not start on a host without it = Write 8080:/,
  ],
  [
    'a site on one host',
    { sites: '[{name: one, listen: ["10.0.0.1:80"]}]' },
    /10\.0\.0\.1 is the address of a: nginx would not start/,
  ],
  [
    'a port beyond the last',
    { sites: '[{name: one, listen: ["*:65536"]}]' },
    /^9:25 \*:65536: the highest port is 65535/,
  ],
  [
    'ssl without a certificate',
    { sites: '[{name: one, listen: ["443 ssl"]}]' },
    /^9:25 ssl needs a certificate/,
  ],
];

test.each(refused)('refused: %s', (_, text, ...expected) => {
  const found = problems(inventory(text));
  expect(found).toHaveLength(expected.length);
  expected.forEach((each, i) => expect(found[i]).toMatch(each));
});

const accepted: readonly [what: string, text: Text][] = [
  ["the seed's priorities, 20 apart", { vrrp: '{priorities: [100, 80]}' }],
  ['all of the range that a drain leaves', { vrrp: '{priorities: [254, 3]}' }],
  ['a backup just above a drained master', { vrrp: '{priorities: [253, 2]}' }],
  ['a backup of 1 where nothing is drained', { vrrp: '{priorities: [254, 1], profile: documented}' }],
  ['a priority of 1 that no VIP uses', { vrrp: '{priorities: [100, 80, 1]}' }],
  [
    'a host_name with underscore, dot and dash',
    { hosts: '{keep_136: , a.b-c: }', vips: '[{address: 10.0.0.9, hosts: [keep_136, a.b-c]}]' },
  ],
  ['a hundredth in version 3', { vrrp: '{version: 3, advert_int: 0.07}' }],
  ['the longest of version 3', { vrrp: '{version: 3, advert_int: 40.95}' }],
  ['the longest of version 2', { vrrp: '{advert_int: 255}' }],
  ['a /31', { vips: '[{address: 10.0.0.8/31, hosts: [a, b]}]' }],
  ['more priorities than hosts', { vrrp: '{priorities: [100, 80, 60]}' }],
  ['crossed VIPs', { vips: two('address: 10.0.0.8', 'address: 10.0.0.9') }],
  [
    'two sites on one port, by name',
    { sites: '[{name: one, server_names: [a.example]}, {name: two, server_names: [b.example]}]' },
  ],
  [
    'own files that say themselves what they answer for',
    { sites: '[{name: one}, {name: two, file: a.conf}, {name: three, file: b.conf}]' },
  ],
  [
    'a site on every and on the loopback address',
    { sites: '[{name: one, listen: ["[::]:80", "127.0.0.1:8080", "*:81"]}]' },
  ],
];

test.each(accepted)('accepted: %s', (_, text) => {
  expect(() => read(inventory(text))).not.toThrow();
});

test('a last octet of 255 gives a VRID of 255', () => {
  expect(read(inventory({ vips: '[{address: 10.0.0.255, hosts: [a, b]}]' })).vips[0]?.virtualRouterId).toBe(
    255,
  );
});

test('unsupported modes are refused, not ignored', () => {
  expect(problems(`${inventory({})}firewall: off\n`)).toHaveLength(1);
});

test('an init script cannot come from a package', () => {
  expect(problems(`${inventory({})}keepalived: {from: package, service: sysv}\n`)).toEqual([
    expect.stringMatching(/the init script comes from the source tree.*= Write from: source/s),
  ]);
  expect(read(`${inventory({})}keepalived: {service: sysv}\n`).keepalived.service).toBe('sysv');
});
