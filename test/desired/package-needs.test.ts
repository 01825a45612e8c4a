import { describe, expect, test } from 'vitest';
import { buildPackages, knownPackages, runtimePackages } from '../../src/desired/package-needs.ts';
import type { PackageManager } from '../../src/model/package-manager.ts';
import type { BuildRecipe } from '../../src/model/desired.ts';
import type { Inventory } from '../../src/model/domain.ts';
import type { OsFacts } from '../../src/model/facts.ts';
import { pair, resourcesOf } from './hosts.ts';

const os = (id: string, version: string): OsFacts => ({ id, version, name: `${id} ${version}` });
const recipe = (software: 'keepalived' | 'nginx', version: string, ...configure: string[]): BuildRecipe => ({
  software,
  version,
  prefix: '/p',
  configure,
  tarball: { name: '', urls: [], sha256: '' },
  entry: '/p/x',
});
const ssl = '--with-http_ssl_module';

describe('what a build needs', () => {
  test.each<[BuildRecipe, PackageManager, OsFacts, string]>([
    [
      recipe('keepalived', '2.2.4'),
      'apt-get',
      os('debian', '12'),
      'gcc make libc6-dev pkg-config libssl-dev libnl-3-dev libnl-genl-3-dev',
    ],
    [
      recipe('keepalived', '2.2.4'),
      'yum',
      os('centos', '7'),
      'gcc make pkgconfig openssl-devel libnl3-devel',
    ],
    [
      recipe('keepalived', '2.2.4'),
      'dnf',
      os('rocky', '9.4'),
      'gcc make pkgconf-pkg-config openssl-devel libnl3-devel',
    ],
    [
      recipe('keepalived', '2.2.4', '--enable-regex', '--enable-snmp-vrrp', '--enable-dbus'),
      'dnf',
      os('rhel', '8.9'),
      'gcc make pkgconf-pkg-config openssl-devel libnl3-devel pcre2-devel net-snmp-devel glib2-devel',
    ],
    [
      recipe('nginx', '1.20.1', ssl),
      'yum',
      os('centos', '7'),
      'gcc make pcre-devel zlib-devel openssl-devel',
    ],
    [recipe('nginx', '1.20.1'), 'apt-get', os('debian', '11'), 'gcc make libc6-dev libpcre3-dev zlib1g-dev'],
    [
      recipe('nginx', '1.21.5'),
      'apt-get',
      os('ubuntu', '22.04'),
      'gcc make libc6-dev libpcre2-dev zlib1g-dev',
    ],
    [
      recipe('nginx', '1.26.3', ssl),
      'dnf',
      os('almalinux', '10.0'),
      'gcc make pcre2-devel zlib-ng-compat-devel openssl-devel',
    ],
    [recipe('nginx', '1.26.3'), 'dnf', os('fedora', '41'), 'gcc make pcre2-devel zlib-ng-compat-devel'],
    [
      recipe(
        'nginx',
        '1.26.3',
        '--with-pcre=/src/pcre',
        '--without-http_gzip_module',
        ssl,
        '--with-openssl=/src/openssl',
      ),
      'apt-get',
      os('debian', '12'),
      'gcc make libc6-dev',
    ],
    [
      recipe('nginx', '1.26.3', '--with-stream_ssl_module', '--with-http_xslt_module=dynamic'),
      'apt-get',
      os('debian', '12'),
      'gcc make libc6-dev libpcre2-dev zlib1g-dev libssl-dev libxslt1-dev',
    ],
  ])('%o on %s', (wanted, manager, system, names) => {
    expect(buildPackages(wanted, manager, system).join(' ')).toBe(names);
  });

  test('without a package manager nothing can be asked for', () => {
    expect(buildPackages(recipe('nginx', '1.20.1'), null, os('alpine', '3.20'))).toEqual([]);
  });
});

test('the scripts need ip, curl and, to keep connections, nft; the smaller curl will do, and any nft', () => {
  const debian = { packageManager: 'apt-get', os: os('debian', '12'), packages: {}, nft: 'absent' } as const;
  expect(runtimePackages(debian, true)).toEqual(['iproute2', 'curl', 'nftables']);
  expect(runtimePackages(debian, false)).toEqual(['iproute2', 'curl']);
  expect(runtimePackages({ ...debian, nft: 'present' }, true)).toEqual(['iproute2', 'curl']);
  // Once haup has installed it, it goes on being wanted.
  const packages = { nftables: '1.0.6' };
  expect(runtimePackages({ ...debian, nft: 'present', packages }, true)).toEqual([
    'iproute2',
    'curl',
    'nftables',
  ]);
  expect(runtimePackages({ ...debian, nft: 'old-kernel' }, true)).toEqual(['iproute2', 'curl']);
  expect(runtimePackages({ ...debian, packageManager: null }, true)).toEqual([]);
  const red = { ...debian, packageManager: 'dnf', packages: { 'curl-minimal': '7.76' } } as const;
  expect(runtimePackages(red, true)).toEqual(['iproute', 'nftables']);
});

const software = (from: string): Inventory =>
  pair(`keepalived: { version: 2.2.7, from: ${from}, configure: [--enable-regex, --enable-snmp, --enable-dbus] }
nginx: { version: 1.20.1, from: ${from}, configure: [${ssl}, --with-http_xslt_module, --with-http_image_filter_module] }`);

test('whatever is asked for, facts look it up', () => {
  for (const from of ['source', 'package']) {
    for (const [packageManager, known] of [
      ['apt-get', knownPackages.deb],
      ['dnf', knownPackages.rpm],
      ['yum', knownPackages.rpm],
    ] as const) {
      for (const system of [os('centos', '7'), os('rocky', '9'), os('fedora', '41'), os('debian', '12')]) {
        const asked = resourcesOf(software(from), {
          packageManager,
          os: system,
          software: {
            keepalived: { path: '', version: '2.2.7', configure: [], stamp: null },
            nginx: { path: '', version: '1.20.1', configure: [], stamp: null },
          },
        }).flatMap((one) => (one.kind === 'package' ? one.names : []));
        expect(asked.length).toBeGreaterThan(2);
        expect(asked.filter((name) => !known.includes(name))).toEqual([]);
      }
    }
  }
});
