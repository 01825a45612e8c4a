import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  apply,
  type Case,
  type Change,
  expectError,
  inventory,
  lab,
  scratch,
  scratchFile,
  servingPair,
} from './bad-world.ts';

const pair = servingPair();

// ── nothing is contacted: 2 ─────────────────────────────────────────────────────────────────────

describe.concurrent('what is wrong before any host is asked', () => {
  const invalid = { exit: 2, code: 'INVENTORY_INVALID', host: null };
  const cases: readonly Case[] = [
    [
      'a file that is not there',
      '/nowhere/inventory.yaml',
      {
        exit: 2,
        code: 'INVENTORY_MISSING',
        host: null,
        says: [/\/nowhere\/inventory\.yaml/],
        next: /inventory\.example\.yaml/,
      },
    ],
    [
      'several mistakes, all at once, each at its place',
      (it) => {
        Object.assign(it.vrrp, { profil: 'default' });
        Object.assign(it.vips[0] ?? {}, { hosts: ['keep_136', 'keep_138'] });
        Object.assign(it.vips[1] ?? {}, { virtual_router_id: 51 });
      },
      {
        ...invalid,
        says: [
          /has 3 problems/,
          /\.yaml:\d+:\d+ keep_138 is not one of the hosts/,
          /Did you mean profile\?/,
          /51 is already used/,
        ],
        next: /no host was contacted/,
      },
    ],
    [
      'a site file that is not there',
      (it) => Object.assign(it.nginx, { sites: [{ name: 'own', file: 'nowhere.conf' }] }),
      { ...invalid, says: [/nowhere\.conf/], next: /no host was contacted/ },
    ],
    [
      'a secret that is not set',
      (it) => (it.hosts.keep_137.ssh = { sudo_password: 'env:HAUP_NO_SUCH_VARIABLE' }),
      {
        exit: 2,
        code: 'SECRET_MISSING',
        host: null,
        says: [/HAUP_NO_SUCH_VARIABLE is not set/],
        next: /no host was contacted/,
      },
    ],
    [
      'a host that the inventory does not have',
      () => undefined,
      { exit: 2, code: 'HOST_UNKNOWN', host: null, says: [/no host keep_138/], next: /keep_136, keep_137/ },
      { args: ['--limit', 'keep_138'] },
    ],
  ];
  test.for(cases)('%s', async ([, change, wanted, options]) => {
    expectError(await apply(typeof change === 'string' ? change : inventory(change), options), wanted);
  });
});

// ── nothing is changed: 4, and what facts alone tell: 1 ─────────────────────────────────────────

describe.concurrent('hosts that cannot be reached, logged in to or used', () => {
  const refused = { exit: 4, host: 'keep_137' };
  const fingerprint = /shown +SHA256:[A-Za-z0-9+/]{43}/;
  const stranger = join(scratch, 'stranger');
  const changedKnownHosts = join(scratch, 'known_hosts');
  const sshConfig = join(scratch, 'ssh_config');
  beforeAll(() => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger]);
    const key = readFileSync(`${stranger}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
    const known = readFileSync(lab.knownHosts, 'utf8').replace(/^(192\.168\.160\.137) .*$/m, `$1 ${key}`);
    scratchFile('known_hosts', known);
    scratchFile(
      'ssh_config',
      readFileSync(lab.sshConfig, 'utf8').replaceAll(lab.knownHosts, changedKnownHosts),
    );
  });
  const onKeep137 =
    (ssh: Record<string, unknown>): Change =>
    (it) =>
      (it.hosts.keep_137.ssh = ssh);

  const cases: readonly Case[] = [
    [
      'an address where nobody is',
      (it) => (it.hosts.keep_137.address = '192.168.160.99'),
      {
        ...refused,
        code: 'HOST_UNREACHABLE',
        says: [/192\.168\.160\.99:22\)? cannot be reached/],
        next: /Check that the host is up/,
      },
    ],
    [
      'a host that answers too late',
      (it) => (it.hosts.keep_137.address = '192.168.160.98'),
      {
        ...refused,
        code: 'HOST_UNREACHABLE',
        says: [/No answer from keep_137 \(192\.168\.160\.98:22\) within 2 s/],
        next: /address and port are right/,
      },
      { args: ['--connect-timeout', '2'] },
    ],
    [
      'a port where nobody listens',
      onKeep137({ port: 2222 }),
      {
        ...refused,
        code: 'HOST_UNREACHABLE',
        says: [/keep_137 \(192\.168\.160\.137:2222\) refuses connections/],
        next: /sshd runs there, and on which port/,
      },
    ],
    [
      'a key that the host does not know',
      onKeep137({ identity_file: stranger }),
      {
        ...refused,
        code: 'AUTH_REFUSED',
        says: [/refused to log root in/, /offered: key \S+stranger/],
        next: /authorized_keys/,
      },
    ],
    [
      'a key file that is not there',
      onKeep137({ identity_file: join(scratch, 'nowhere') }),
      { ...refused, code: 'AUTH_REFUSED', says: [/refused to log root in/], next: /nowhere is missing/ },
    ],
    [
      'a host key that has changed',
      () => undefined,
      {
        ...refused,
        code: 'HOST_KEY_CHANGED',
        says: [/has changed/, /known +SHA256:[A-Za-z0-9+/]{43}/, fingerprint],
        next: /Find out why.*ssh-keygen -R/,
      },
      { inside: { HAUP_SSH_CONFIG: sshConfig } },
    ],
    [
      'a host key that is not the pinned one',
      onKeep137({ host_key: `SHA256:${'A'.repeat(43)}` }),
      { ...refused, code: 'HOST_KEY_CHANGED', says: [/pinned/, fingerprint], next: /ssh\.host_key/ },
    ],
    [
      'sudo that wants a password',
      onKeep137({ user: 'operator-pw' }),
      {
        ...refused,
        code: 'SUDO_REFUSED',
        says: [/operator-pw cannot become root on keep_137: sudo requires a password/],
        next: /ssh\.sudo_password/,
      },
    ],
    [
      'sudo that gets a wrong password',
      onKeep137({ user: 'operator-pw', sudo_password: 'env:WRONG' }),
      {
        ...refused,
        code: 'SUDO_REFUSED',
        says: [/sudo refused the password from env:WRONG/],
        next: /Correct it/,
      },
      { inside: { WRONG: 'not-it' } },
    ],
    [
      'an interface that is absent',
      (it) => (it.hosts.keep_137.interface = 'ens99'),
      {
        exit: 1,
        code: 'INTERFACE_MISSING',
        host: 'keep_137',
        says: [/no interface ens99/],
        next: /hosts\.keep_137\.interface.*ens33/,
      },
    ],
    [
      'nginx 1.20.1 against OpenSSL 3',
      (it) => Object.assign(it.nginx, { version: '1.20.1', sha256: undefined }),
      {
        exit: 1,
        code: 'BUILD_IMPOSSIBLE',
        host: 'keep_136 and keep_137',
        says: [/nginx 1\.20\.1 cannot be built on .*OpenSSL 3/],
        next: /1\.20\.2, or 1\.22\.1/,
      },
    ],
  ];
  test.for(cases)('%s', async ([, change, wanted, options]) => {
    expectError(await apply(typeof change === 'string' ? change : inventory(change), options), wanted);
  });

  test('and the right ways in: sudo without a password, and with the right one', async () => {
    const path = inventory((it) => {
      it.hosts.keep_136.ssh = { user: 'operator' };
      it.hosts.keep_137.ssh = { user: 'operator-pw', sudo_password: `file:${lab.password}` };
    });
    const { code, stdout, stderr } = await apply(path);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/Nothing to do/);
  });
});

test('after all that the pair serves as before', pair.untouched);
