import { describe, expect, test } from 'vitest';
import { assumedFacts } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import type { Resource } from '../../src/model/desired.ts';
import { SeveralErrors } from '../../src/model/errors.ts';
import { exampleText } from '../fakes/example.ts';
import { read } from '../inventory/reading.ts';
import { factsWith, filesOf, pair, refusal, render, resourcesOf } from './hosts.ts';

const example = read(exampleText);

function named(one: Resource): string {
  switch (one.kind) {
    case 'repos':
      return `repos ${one.files.map(({ path }) => path).join(' ')}`;
    case 'firewall':
      return `firewall ${one.tool}`;
    case 'package':
      return `package for ${one.for}: ${one.names.join(' ')}`;
    case 'user':
      return `user ${one.name}`;
    case 'build':
      return `build ${one.recipe.software} ${one.recipe.version}`;
    case 'config':
      return `config ${one.set.service}`;
    case 'unit':
      return `unit ${one.file.path}`;
    case 'init':
      return `init script ${one.files.map(({ path }) => path).join(' ')}`;
    case 'service':
      return `service ${one.service}`;
  }
  throw new Error('a resource that this test does not know');
}

test('a host is desired in the order in which it can be made', () => {
  expect(resourcesOf(example).map(named)).toEqual([
    'package for keepalived: gcc make libc6-dev pkg-config libssl-dev libnl-3-dev libnl-genl-3-dev',
    'package for nginx: gcc make libc6-dev libpcre3-dev zlib1g-dev libssl-dev',
    'package for run: iproute2 curl nftables',
    'user keepalived_script',
    'user nginx',
    'build keepalived 2.2.4',
    'build nginx 1.20.1',
    'config nginx',
    'unit /etc/systemd/system/nginx.service',
    'config keepalived',
    'unit /etc/systemd/system/keepalived.service',
    'service nginx',
    'service keepalived',
  ]);
});

test('the build is the documented one: the prefix first, then the options as they are written', () => {
  const recipes = resourcesOf(example).flatMap((one) => (one.kind === 'build' ? [one.recipe] : []));
  expect(recipes.map(({ configure }) => configure)).toEqual([
    ['--prefix=/usr/local/keepalived', '--sysconfdir=/etc'],
    ['--prefix=/usr/local/nginx', '--with-http_ssl_module', '--with-http_stub_status_module'],
  ]);
  expect(recipes.map(({ tarball }) => tarball.name)).toEqual([
    'keepalived-2.2.4.tar.gz',
    'nginx-1.20.1.tar.gz',
  ]);
});

const at = (more: string): Record<string, string> =>
  Object.fromEntries(
    resourcesOf(pair(more)).flatMap((one) =>
      one.kind === 'config'
        ? [[one.set.service, `${one.set.binary} ${one.set.entry} ${one.set.owns.join()}`]]
        : [],
    ),
  );

describe('paths', () => {
  test('from source, below the prefix', () => {
    expect(at('')).toEqual({
      keepalived: '/usr/local/keepalived/sbin/keepalived /etc/keepalived/keepalived.conf ',
      nginx: '/usr/local/nginx/sbin/nginx /usr/local/nginx/conf/nginx.conf /usr/local/nginx/conf/haup.d',
    });
  });

  test('from a package, where packages put them', () => {
    expect(at('keepalived: { from: package }\nnginx: { from: package }')).toEqual({
      keepalived: '/usr/sbin/keepalived /etc/keepalived/keepalived.conf ',
      nginx: '/usr/sbin/nginx /etc/nginx/nginx.conf /etc/nginx/haup.d',
    });
  });

  test('where ./configure was told to put them', () => {
    const more = `keepalived: { configure: [--sbindir=/opt/sbin] }
nginx: { configure: [--sbin-path=/opt/bin/nginx, --conf-path=etc/nginx.conf] }`;
    expect(at(more)).toEqual({
      keepalived: '/opt/sbin/keepalived /etc/keepalived/keepalived.conf ',
      nginx: '/opt/bin/nginx /usr/local/nginx/etc/nginx.conf /usr/local/nginx/etc/haup.d',
    });
  });
});

describe('from packages', () => {
  const packaged = pair(
    'keepalived: { version: 2.2.7, from: package }\nnginx: { version: 1.22.1, from: package }',
  );

  test('there is no build, no compiler and no user for nginx; the units get a drop-in', () => {
    expect(resourcesOf(packaged).map(named)).toEqual([
      'package for run: keepalived',
      'package for run: nginx',
      'package for run: iproute2 curl nftables',
      'user keepalived_script',
      'config nginx',
      'unit /etc/systemd/system/nginx.service.d/haup.conf',
      'config keepalived',
      'unit /etc/systemd/system/keepalived.service.d/haup.conf',
      'service nginx',
      'service keepalived',
    ]);
  });

  test.each([
    ['apt-get', 'user www-data;'],
    ['dnf', 'user nginx;'],
  ] as const)('with %s nginx has: %s', (packageManager, line) => {
    const conf = filesOf(resourcesOf(packaged, { packageManager })).find(
      ({ path }) => path === '/etc/nginx/nginx.conf',
    );
    expect(Buffer.from(conf?.bytes ?? []).toString()).toContain(`\n${line}\n`);
  });

  test('the version that is installed decides what is written', () => {
    const old = { path: '/usr/sbin/keepalived', version: '2.0.10', configure: [], stamp: null };
    const files = filesOf(resourcesOf(packaged, { software: { keepalived: old, nginx: null } }));
    const conf = files.find(({ path }) => path === '/etc/keepalived/keepalived.conf');
    expect(Buffer.from(conf?.bytes ?? []).toString()).toContain('vrrp_track_file haup_drain');
  });

  test('and until then the one on offer', () => {
    const files = filesOf(resourcesOf(packaged, { offered: { keepalived: '1:2.0.10-1' } }));
    const conf = files.find(({ path }) => path === '/etc/keepalived/keepalived.conf');
    expect(Buffer.from(conf?.bytes ?? []).toString()).toContain('vrrp_track_file haup_drain');
  });

  test('without a package manager it is refused', () => {
    const error = refusal(() => resourcesOf(packaged, { packageManager: null }));
    expect(error).toMatchObject({
      code: 'HOST_UNSUPPORTED',
      host: 'keep_136',
      hint: 'Set keepalived.from: source.',
    });
  });
});

test('a host without systemd is refused', () => {
  expect(refusal(() => resourcesOf(pair(), { systemd: false }))).toMatchObject({
    code: 'HOST_UNSUPPORTED',
    host: 'keep_136',
  });
});

test('hosts of which nothing is known are left out', () => {
  const facts = new Map([...assumedFacts(example)].slice(1));
  expect(desire(example, facts, render).map(({ host }) => host)).toEqual(['keep_137']);
});

test('what is wrong with the inventory is said once, what is wrong with hosts of each', () => {
  const unknown = pair('nginx: { version: 1.99.0 }');
  expect(refusal(() => desire(unknown, assumedFacts(unknown), render))).not.toBeInstanceOf(SeveralErrors);
  const bare = pair();
  expect(refusal(() => desire(bare, factsWith(bare, { systemd: false }), render))).toBeInstanceOf(
    SeveralErrors,
  );
});

test('the file with the password is secret and for root alone; scripts can be run, the rest be read', () => {
  const modes = filesOf(resourcesOf(example)).map(({ path, mode, owner, secret }) => [
    path.replace(/.*\//, ''),
    mode.toString(8),
    owner,
    secret,
  ]);
  expect(modes).toEqual([
    ['nginx.conf', '644', 'root:root', false],
    ['host.inc', '644', 'root:root', false],
    ['site-default.conf', '644', 'root:root', false],
    ['index.html', '644', 'root:root', false],
    ['nginx.service', '644', 'root:root', false],
    ['keepalived.conf', '640', 'root:root', true],
    ['haup-check-nginx', '755', 'root:root', false],
    ['haup-started', '755', 'root:root', false],
    ['haup-release', '755', 'root:root', false],
    ['keepalived.service', '644', 'root:root', false],
  ]);
});

const texts = (file: string): string[] =>
  filesOf(resourcesOf({ ...example, file })).map(({ bytes }) => Buffer.from(bytes).toString());

test('nothing that is written depends on where the inventory lies or who applies it', () => {
  expect(texts('/home/ana/inventory.yaml')).toEqual(texts('inventory.yaml'));
});
