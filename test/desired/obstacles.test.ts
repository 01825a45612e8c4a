import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { HaupError } from '../../src/model/errors.ts';
import { pair, refusal, resourcesOf } from './hosts.ts';

const systems = {
  centos7: {
    os: { id: 'centos', version: '7', name: 'CentOS Linux 7 (Core)' },
    libraries: { openssl: '10', pcre1: false, pcre2: false },
  },
  rocky9: {
    os: { id: 'rocky', version: '9.4', name: 'Rocky Linux 9.4' },
    libraries: { openssl: '3', pcre1: false, pcre2: false },
  },
  debian11: {
    os: { id: 'debian', version: '11', name: 'Debian GNU/Linux 11' },
    libraries: { openssl: '1.1', pcre1: false, pcre2: false },
  },
  debian12: {
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12' },
    libraries: { openssl: '3', pcre1: false, pcre2: true },
  },
  debian12bare: {
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12' },
    libraries: { openssl: null, pcre1: false, pcre2: false },
  },
  debian13: {
    os: { id: 'debian', version: '13', name: 'Debian GNU/Linux 13' },
    libraries: { openssl: '3', pcre1: false, pcre2: false },
  },
  debian13pcre1: {
    os: { id: 'debian', version: '13', name: 'Debian GNU/Linux 13' },
    libraries: { openssl: '3', pcre1: true, pcre2: false },
  },
  unknown: {
    os: { id: 'void', version: '', name: 'Void' },
    libraries: { openssl: null, pcre1: false, pcre2: false },
  },
} satisfies Record<string, Partial<HostFacts>>;

const inventory = (keepalived: string, nginx: string): Inventory =>
  pair(`keepalived: { version: ${keepalived}, sha256: ${'a'.repeat(64)} }\nnginx: ${nginx}`);
const plain = (version: string): string =>
  `{ version: ${version}, sha256: ${'a'.repeat(64)}, configure: [] }`;
const tls = (version: string, more = ''): string =>
  `{ version: ${version}, sha256: ${'a'.repeat(64)}, configure: [--with-http_ssl_module${more}] }`;

const refused = (wanted: Inventory, facts: Partial<HostFacts>): HaupError =>
  refusal(() => resourcesOf(wanted, facts));
const accepted = (wanted: Inventory, facts: Partial<HostFacts>): void => {
  expect(() => resourcesOf(wanted, facts)).not.toThrow();
};

describe('builds that can not work are refused before anything is uploaded', () => {
  test.each<[keyof typeof systems, string, string, RegExp | null]>([
    ['centos7', '2.2.4', tls('1.20.1'), null],
    ['centos7', '2.2.4', tls('1.26.3'), null],
    [
      'centos7',
      '2.2.7',
      tls('1.20.1'),
      /keepalived 2\.2\.7 cannot be built on CentOS Linux 7 \(Core\): it needs gcc 4\.9/,
    ],
    ['rocky9', '2.2.7', tls('1.20.1'), /nginx 1\.20\.1 cannot be built on Rocky Linux 9\.4: .*OpenSSL 3/],
    ['rocky9', '2.2.7', tls('1.20.2'), null],
    ['rocky9', '2.2.7', tls('1.21.1'), /OpenSSL 3/],
    ['rocky9', '2.2.7', tls('1.21.2'), null],
    ['rocky9', '2.2.7', plain('1.20.1'), null],
    ['debian11', '2.2.7', tls('1.20.1'), null],
    ['debian12', '2.2.7', tls('1.20.1'), /OpenSSL 3/],
    ['debian12', '2.2.7', tls('1.20.1', ', --with-cc-opt=-Wno-error=deprecated-declarations'), null],
    ['debian12bare', '2.2.7', tls('1.20.1'), /OpenSSL 3/],
    ['debian12', '2.2.7', plain('1.20.1'), null],
    ['debian12', '2.2.7', tls('1.22.1'), null],
    ['debian13', '2.2.7', plain('1.20.1'), /PCRE1/],
    ['debian13', '2.2.7', plain('1.21.4'), /PCRE1/],
    ['debian13', '2.2.7', plain('1.21.5'), null],
    ['debian13pcre1', '2.2.7', plain('1.20.1'), null],
    ['unknown', '2.2.7', tls('1.20.1'), null],
    [
      'debian12',
      '2.2.7',
      '{ version: 1.22.1, configure: [--without-http_rewrite_module] }',
      /--without-http_rewrite_module leaves out what answers \/haup\/host/,
    ],
    ['debian12', '2.2.7', '{ version: 1.22.1, configure: [--without-pcre] }', /--without-pcre/],
  ])('%s: keepalived %s, nginx %s', (system, keepalived, nginx, expected) => {
    if (expected === null) return accepted(inventory(keepalived, nginx), systems[system]);
    const error = refused(inventory(keepalived, nginx), systems[system]);
    expect(error.message).toMatch(expected);
    expect(error.code).toBe('BUILD_IMPOSSIBLE');
    expect(error.host).toBe('keep_136');
    expect(error.hint).toMatch(/nginx\.(version|configure)|keepalived\.(version|configure)/);
  });

  test('keepalived without track_process builds with an old compiler', () => {
    const wanted = pair('keepalived: { version: 2.2.7, configure: [--disable-track-process] }');
    accepted(wanted, systems.centos7);
  });
});

const built = (version: string): Partial<HostFacts> => ({
  ...systems.debian12,
  software: { keepalived: null, nginx: { path: '', version, configure: [], stamp: 'x' } },
});

test('what is built already needs no second chance', () => {
  const wanted = inventory('2.2.7', tls('1.20.1'));
  accepted(wanted, built('1.20.1'));
  expect(refused(wanted, built('1.18.0')).code).toBe('BUILD_IMPOSSIBLE');
});

describe('a host without ip', () => {
  const wanted = inventory('2.2.7', plain('1.28.0'));
  const without = { ...systems.debian12, lacks: ['ip'] };
  test('gets the package that brings it', () => {
    accepted(wanted, { ...without, packages: {} });
  });

  test('is told to have none where nothing would bring it', () => {
    expect(refused(wanted, { ...without, packageManager: null })).toMatchObject({
      code: 'HOST_UNSUPPORTED',
      message: 'The host has no program ip, which haup needs there.',
      hint: expect.stringMatching(/install ip by hand/),
    });
    expect(refused(wanted, { ...without, packages: { iproute2: '6.1' } }).hint).toMatch(
      /Its package iproute2 is installed, but ip is in no directory of PATH/,
    );
  });
});
