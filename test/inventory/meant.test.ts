import { expect, test } from 'vitest';
import { least, problems } from './reading.ts';

// What people write who come from other tools, and the hint they get.

const hosts = (a: string): string => least().replace('{address: 10.0.0.1}', a);
const vip = (keys: string): string => least().replace('hosts: [a, b]}', `hosts: [a, b], ${keys}}`);

test.each([
  [
    'a host as its address',
    hosts('10.0.0.1'),
    /needs a host; this is "10\.0\.0\.1" = Write a: \{ address: 10\.0\.0\.1 \}\.$/,
  ],
  [
    'a login in the address',
    hosts('{address: root@10.0.0.1}'),
    / = Write address: 10\.0\.0\.1, ssh: \{ user: root \}\.$/,
  ],
  [
    'a port in the address',
    hosts('{address: "10.0.0.1:2222"}'),
    / = Write address: 10\.0\.0\.1, ssh: \{ port: 2222 \}\.$/,
  ],
  [
    'a URL of ssh',
    hosts('{address: "ssh://ops@web:22"}'),
    / = Write address: web, ssh: \{ user: ops, port: 22 \}\.$/,
  ],
  [
    'a word of ssh_config',
    hosts('{address: 10.0.0.1, IdentityFile: ~/.ssh/id}'),
    / = Write it as ssh\.identity_file\.$/,
  ],
  [
    'another word for a key',
    hosts('{address: 10.0.0.1, ssh: {private-key: x}}'),
    / = Write it as identity_file\.$/,
  ],
  ['a netmask', least().replace('10.0.0.9', '10.0.0.9/255.255.255.0'), / = Write 10\.0\.0\.9\/24\.$/],
  [
    'a netmask with a hole',
    least().replace('10.0.0.9', '10.0.0.9/255.0.255.0'),
    /this is "10\.0\.0\.9\/255\.0\.255\.0"$/,
  ],
  [
    'a VIP as its address',
    least().replace('{address: 10.0.0.9, hosts: [a, b]}', '10.0.0.9'),
    / = Write \{ address: 10\.0\.0\.9, hosts: \[MASTER, BACKUP\] \}\.$/,
  ],
  ["keepalived's state", vip('state: MASTER'), / = Remove it: the first of hosts is the master/],
  ["keepalived's authentication", vip('authentication: {}'), / = Write vrrp\.auth_pass, a reference/],
  ["keepalived's peers", vip('unicast_peer: [10.0.0.2]'), / = Write vrrp\.unicast: true/],
  ['a short word for the VRID', vip('vrid: 5'), / = Write it as virtual_router_id\.$/],
  ['nopreempt', least('vrrp: {nopreempt: true}\n'), / = Remove it: a host takes back its VIPs/],
  ['seconds with their unit', least('vrrp: {advert_int: 1s}\n'), / = Write 1: the unit is always seconds\.$/],
  ['the name of a tarball', least('keepalived: {version: keepalived-2.2.4}\n'), / = Write 2\.2\.4\.$/],
  [
    'a slash at the end',
    least('nginx: {prefix: /usr/local/nginx/}\n'),
    / = Write it without the trailing slash\.$/,
  ],
  [
    'names in a row',
    least('nginx: {sites: [{name: x, server_names: "a.org b.org"}]}\n'),
    / = Write it as a list: \[a\.org, b\.org\]\.$/,
  ],
])('%s', (_what, text, expected) => {
  expect(problems(text)).toEqual([expect.stringMatching(expected)]);
});

test("Ansible's own inventory", () => {
  expect(problems('all:\n  hosts:\n    a: {ansible_host: 10.0.0.1}\n')[2]).toMatch(
    /^1:1 all .* = Write hosts directly: a haup inventory has no groups/,
  );
});
