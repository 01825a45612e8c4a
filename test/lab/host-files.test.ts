import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { hostsText, knownHostsText, overlayText, sshConfigText } from '../../src/lab/host-files.ts';
import { drillNames } from '../../src/model/fault.ts';
import type { LabSpec } from '../../src/lab/names.ts';
import { defaultRoots, labPaths } from '../../src/lab/names.ts';
import type { Tarballs } from '../../src/lab/tarballs.ts';
import { withPassword } from '../../src/lab/lab-hosts.ts';

const spec: LabSpec = {
  name: 'try',
  inventory: null,
  hosts: [
    { name: 'keep_136', address: '192.168.160.136', interface: 'ens33', flavour: 'apt' },
    { name: 'keep_137', address: '192.168.160.137', interface: 'ens33', flavour: 'apt' },
  ],
  reserved: [],
  software: { keepalived: '2.2.4', nginx: '1.22.1' },
};
const tarballs: Tarballs = {
  keepalived: { version: '2.2.7', path: '/cache/keepalived-2.2.7.tar.gz', sha256: 'c61940' },
  nginx: { version: '1.22.1', path: '/cache/nginx-1.22.1.tar.gz', sha256: '9ebb33' },
};

test('the overlay replaces a version only if the tarball has another', () => {
  expect(parse(overlayText(spec, tarballs))).toEqual({
    keepalived: { version: '2.2.7', sha256: 'c61940', urls: ['file:///cache/keepalived-2.2.7.tar.gz'] },
    nginx: { sha256: '9ebb33', urls: ['file:///cache/nginx-1.22.1.tar.gz'] },
    verify: { allow: drillNames },
  });
});

test('a version that looks like a number remains text', () => {
  const odd = { ...tarballs, nginx: { ...tarballs.nginx, version: '1.30' } };
  expect(parse(overlayText(spec, odd))).toHaveProperty('nginx.version', '1.30');
});

test('ssh_config reaches every host by name and by address, and trusts no other key', () => {
  const text = sshConfigText(spec, labPaths(defaultRoots, 'try'));
  expect(text).toContain(`Host keep_136 192.168.160.136
  HostName 192.168.160.136
  User root
  IdentityFile /var/lib/haup/labs/try/key
`);
  expect(text.match(/StrictHostKeyChecking yes/g)).toHaveLength(2);
  expect(text.match(/UserKnownHostsFile \/var\/lib\/haup\/labs\/try\/known_hosts/g)).toHaveLength(2);
});

test('known_hosts has each host with its own key', () => {
  const keys = new Map([
    ['keep_136', 'ssh-ed25519 AAAA1'],
    ['keep_137', 'ssh-ed25519 AAAA2'],
  ]);
  expect(knownHostsText(spec.hosts, keys)).toBe(
    '192.168.160.136 ssh-ed25519 AAAA1\n192.168.160.137 ssh-ed25519 AAAA2\n',
  );
});

test('/etc/hosts has the loopback and every host', () => {
  expect(hostsText(spec.hosts).split('\n')).toEqual([
    '127.0.0.1 localhost',
    '::1 localhost ip6-localhost ip6-loopback',
    '192.168.160.136 keep_136',
    '192.168.160.137 keep_137',
    '',
  ]);
});

test('a password replaces only its own line of /etc/shadow', () => {
  const shadow =
    'root:*:20000:0:99999:7:::\noperator:!:20000:0:99999:7:::\noperator-pw:!:20000:0:99999:7:::\n';
  expect(withPassword(shadow, 'operator-pw', '$6$salt$hash')).toBe(
    'root:*:20000:0:99999:7:::\noperator:!:20000:0:99999:7:::\noperator-pw:$6$salt$hash:20000:0:99999:7:::\n',
  );
});
