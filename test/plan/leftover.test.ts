import { describe, expect, test } from 'vitest';
import { countChanges } from '../../src/plan/make-plan.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, fakeHost } from '../fakes/host.ts';
import { apply, changesOf, ids, packaged, pair, planFor, source } from '../fakes/pair.ts';

const onlyNginx = exampleInventory((text) => {
  const at = text.indexOf('nginx:\n');
  return text.slice(0, at) + text.slice(at).replace('from: source', 'from: package');
});

describe('from source to packages on a pair that serves', () => {
  test('each host is changed while it is drained, and what was built goes last', async () => {
    const hosts = pair();
    await apply(source, hosts);
    const made = await apply(packaged, hosts);
    expect(ids(made, 'keep_136')).toEqual([
      'packages',
      'drain',
      'config:nginx',
      'unit:nginx',
      'unit:keepalived',
      'leftover:files',
      'service:nginx',
      'service:keepalived',
      'undrain',
      'remove-build:keepalived',
      'remove-build:nginx',
    ]);
    expect(made.tracks[0]?.map(({ title }) => title)).toEqual([
      'prepare',
      'change keep_137',
      'change keep_136',
      'remove what is no longer used',
    ]);
  });

  test('the units of the builds go, and the services start with the others and at boot', async () => {
    const hosts = pair();
    await apply(source, hosts);
    const made = await apply(packaged, hosts);
    const gone = changesOf(made, 'keep_137').find(({ id }) => id === 'leftover:files');
    expect(gone?.diffs.map(({ path }) => path).sort()).toEqual([
      '/etc/systemd/system/keepalived.service',
      '/etc/systemd/system/nginx.service',
      '/usr/local/nginx/conf/haup.d/host.inc',
      '/usr/local/nginx/conf/haup.d/page/index.html',
      '/usr/local/nginx/conf/haup.d/site-default.conf',
      '/usr/local/nginx/conf/nginx.conf',
    ]);
    expect(changesOf(made, 'keep_137').find(({ id }) => id === 'service:nginx')?.title).toBe(
      'enable and restart nginx',
    );
  });

  test('there and back again leaves nothing to do, and nothing of either behind', async () => {
    const hosts = pair();
    await apply(source, hosts);
    const first = hosts[0]?.facts();
    await apply(packaged, hosts);
    expect(countChanges(planFor(packaged, hosts)).changes).toBe(0);
    expect(hosts[0]?.facts().record.builds).toEqual([]);
    await apply(source, hosts);
    expect(countChanges(planFor(source, hosts)).changes).toBe(0);
    const last = hosts[0]?.facts();
    expect(Object.keys(last?.files ?? {}).sort()).toEqual(Object.keys(first?.files ?? {}).sort());
    expect(last?.packages).not.toHaveProperty('nginx');
    expect(last?.packages).not.toHaveProperty('keepalived');
  });

  test('one service alone is switched alone', async () => {
    const hosts = pair();
    await apply(source, hosts);
    const made = await apply(onlyNginx, hosts);
    expect(ids(made, 'keep_137')).toEqual([
      'packages',
      'drain',
      'config:nginx',
      'unit:nginx',
      'leftover:files',
      'service:nginx',
      'undrain',
      'remove-build:nginx',
    ]);
  });
});

test('the version of a package that is yet to come is shown, where it is known', () => {
  const offered = { keepalived: '1:2.2.7-1+b2' };
  const hosts = ['keep_136', 'keep_137'].map((name) => fakeHost(bareFacts(name, { offered })));
  const why = changesOf(planFor(packaged, hosts), 'keep_136').find(({ id }) => id === 'packages')?.why;
  expect(why).toBe('not installed: keepalived (1:2.2.7-1+b2), nginx, iproute2, curl');
});

describe('packages that are there when a build is wanted', () => {
  test('one that haup installed goes, after the build serves', async () => {
    const hosts = pair();
    await apply(packaged, hosts);
    const made = await apply(source, hosts);
    expect(ids(made, 'keep_137').slice(-2)).toEqual(['remove-package:keepalived', 'remove-package:nginx']);
    expect(changesOf(made, 'keep_137').at(-1)?.actions).toEqual([
      { do: 'remove-packages', manager: 'apt-get', names: ['nginx'], purge: false },
    ]);
  });

  test('one that haup found stays, and it is said why', () => {
    const host = fakeHost(bareFacts('keep_136', { packages: { nginx: '1.22.1-9' } }));
    const made = planFor(source, [host]);
    expect(ids(made, 'keep_136').filter((id) => id.startsWith('remove'))).toEqual([]);
    expect(made.same).toContainEqual({
      host: 'keep_136',
      what: 'package nginx 1.22.1-9: stays, since haup did not install it; its unit is not used',
    });
  });
});

test('a switch that was cut off before the restart is finished by the next apply', async () => {
  const hosts = pair();
  await apply(packaged, hosts);
  const program = {
    path: '/usr/sbin/nginx',
    program: '/usr/sbin/nginx',
    version: '1.22.1',
    configure: [],
    stamp: null,
  };
  const cut = fakeHost({
    ...(hosts[1]?.facts() ?? bareFacts('keep_137')),
    software: { keepalived: null, nginx: program },
    services: {
      ...bareFacts('keep_137').services,
      keepalived: { ...bareFacts('').services.keepalived, active: 'active', enabled: 'enabled' },
      nginx: {
        ...bareFacts('').services.nginx,
        active: 'active',
        enabled: 'enabled',
        program: '/usr/local/nginx/sbin/nginx',
      },
    },
  });
  const change = changesOf(planFor(packaged, [cut]), 'keep_137').find(({ id }) => id === 'service:nginx');
  expect([change?.title, change?.why]).toEqual([
    'restart nginx',
    'it still runs /usr/local/nginx/sbin/nginx',
  ]);
});

test('another prefix: the new build serves before the old one goes', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const moved = exampleInventory((text) => text.replace('prefix: /usr/local/nginx', 'prefix: /opt/nginx'));
  const made = await apply(moved, hosts);
  expect(ids(made, 'keep_137')).toEqual([
    'build:nginx',
    'drain',
    'install:nginx',
    'config:nginx',
    'unit:nginx',
    'leftover:files',
    'service:nginx',
    'undrain',
    'remove-build:nginx',
  ]);
  expect(hosts[1]?.facts().record.builds).toContainEqual({ service: 'nginx', prefix: '/opt/nginx' });
});

test('a file that haup found comes back when nothing wants it any more', async () => {
  const conf = '/etc/nginx/nginx.conf';
  const theirs = { state: 'present', sha256: 'x', mode: 0o600, owner: 'root:root', text: 'theirs' } as const;
  const hosts = [fakeHost(bareFacts('keep_136', { files: { [conf]: theirs } }))];
  await apply(packaged, hosts);
  expect(hosts[0]?.facts().files[conf]).not.toEqual(theirs);
  await apply(source, hosts);
  expect(hosts[0]?.facts().files[conf]).toEqual(theirs);
});

test('what is taken away for a change comes back when the change fails', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const leftover = changesOf(planFor(packaged, hosts), 'keep_137').find(({ id }) => id === 'leftover:files');
  const [undo] = leftover?.undo ?? [];
  expect(
    undo?.do === 'put-files' && undo.files.map(({ path, expect: digest }) => [path, digest]),
  ).toContainEqual(['/etc/systemd/system/nginx.service', 'any']);
});
