import { describe, expect, test } from 'vitest';
import { clusters } from '../../src/cluster/clusters.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Plan } from '../../src/model/plan.ts';
import { countChanges } from '../../src/plan/make-plan.ts';
import { planRemoval, type RemovalOptions } from '../../src/plan/plan-removal.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, changesOf, factsOf, ids, packaged, pair, run, source } from '../fakes/pair.ts';

const both = ['keep_136', 'keep_137'];
const removal = (hosts: readonly FakeHost[], options: Partial<RemovalOptions> = {}): Plan =>
  planRemoval(factsOf(hosts), source.vips, clusters(source), { hosts: both, packages: false, ...options });
const conf = '/etc/nginx/nginx.conf';
const theirs = { state: 'present', sha256: 'x', mode: 0o600, owner: 'root:root', text: 'theirs' } as const;

test('host by host, the holder last, and who can give its VIPs away does', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const made = removal(hosts);
  expect(made.tracks[0]?.map(({ title }) => title)).toEqual(['remove from keep_137', 'remove from keep_136']);
  expect(ids(made, 'keep_137')).toEqual([
    'release',
    'service:keepalived',
    'service:nginx',
    'leftover:files',
    'remove-build:keepalived',
    'remove-build:nginx',
    'remove-user:keepalived_script',
    'remove-user:nginx',
    'forget',
  ]);
  expect(ids(made, 'keep_136')[0]).toBe('service:keepalived');
});

test('one host of a pair goes, and the other takes over', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const made = removal(hosts, { hosts: ['keep_136'] });
  expect(ids(made, 'keep_136')[0]).toBe('release');
  expect(changesOf(made, 'keep_136')[0]?.after).toEqual(['released']);
  expect(ids(made, 'keep_137')).toEqual([]);
});

test.each([
  ['is stopped', { active: 'inactive' }, null],
  ['is drained by the operator', {}, -253],
])('nobody to take over: the other host %s', async (_name, service, drain) => {
  const hosts = pair();
  await apply(source, hosts);
  const facts = hosts[1]?.facts() ?? bareFacts('keep_137');
  const other = fakeHost({
    ...facts,
    drain,
    services: { ...facts.services, keepalived: { ...facts.services.keepalived, ...service } },
  });
  expect(ids(removal([hosts[0] as FakeHost, other], { hosts: ['keep_136'] }), 'keep_136')).not.toContain(
    'release',
  );
});

test('a grace that a dead run has left is ended before nftables goes', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const vip = '192.168.160.161';
  const graces = (['answer', 'forward'] as const).map((part) => ({
    vip,
    part,
    connections: null,
    leftSeconds: 9,
  }));
  const facts = hosts[0]?.facts() ?? bareFacts('keep_136');
  const left = fakeHost({
    ...facts,
    drain: -253,
    graces,
    record: { ...facts.record, packages: ['nftables'] },
  });
  const made = removal([left, hosts[1] as FakeHost], { hosts: ['keep_136'], packages: true });
  const [ended, packages] = [`grace:${vip}`, 'packages'].map((id) => ids(made, 'keep_136').indexOf(id));
  // Drained already, it has connections to wait for.
  expect(ids(made, 'keep_136')[0]).toBe('release');
  expect(ended).toBeGreaterThan(0);
  expect(packages).toBeGreaterThan(ended ?? 0);
  expect(ids(made, 'keep_136').filter((id) => id.startsWith('grace:'))).toHaveLength(1);
});

test('a keepalived that reads no drain file is stopped without one', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const facts = hosts[0]?.facts() ?? bareFacts('keep_136');
  const plain = { ...theirs, text: 'vrrp_instance VI_1 {\n}\n' };
  const one = fakeHost({ ...facts, files: { ...facts.files, '/etc/keepalived/keepalived.conf': plain } });
  expect(ids(removal([one, hosts[1] as FakeHost], { hosts: ['keep_136'] }), 'keep_136')[0]).toBe(
    'service:keepalived',
  );
});

describe('after it', () => {
  const withoutInterfaces = (facts: HostFacts | undefined) => ({ ...facts, interfaces: [], packages: {} });

  test.each([
    ['source', source],
    ['packages', packaged],
  ])('nothing of an apply from %s is there', async (_name, inventory) => {
    const hosts = pair();
    const before = withoutInterfaces(hosts[0]?.facts());
    await apply(inventory, hosts);
    await run(removal(hosts, { packages: true }), hosts);
    const after = withoutInterfaces(hosts[0]?.facts());
    expect(after.files).toEqual({});
    expect(after.users).toEqual(before.users);
    expect(after.record).toEqual(before.record);
    expect(after.services?.nginx).toMatchObject({ active: 'inactive' });
    expect(after.services?.nginx.enabled).not.toBe('enabled');
    expect(countChanges(removal(hosts)).changes).toBe(0);
    expect(removal(hosts).same[0]?.what).toBe('haup has installed nothing on it');
  });

  test('what was there before haup is there again: its files, and that it runs', async () => {
    const running = { ...bareFacts('').services.nginx, load: 'loaded', active: 'active', enabled: 'enabled' };
    const host = fakeHost(
      bareFacts('keep_136', {
        files: { [conf]: theirs },
        packages: { nginx: '1' },
        services: {
          ...bareFacts('').services,
          nginx: { ...running, unit: '/lib/systemd/system/nginx.service' },
        },
      }),
    );
    await apply(packaged, [host]);
    expect(host.facts().files[conf]).not.toEqual(theirs);
    const made = removal([host], { packages: true });
    expect(changesOf(made, 'keep_136').map(({ title }) => title)).toEqual(
      expect.arrayContaining(['stop nginx', 'enable and start nginx']),
    );
    expect(
      JSON.stringify(changesOf(made, 'keep_136').find(({ id }) => id === 'packages')?.actions),
    ).not.toMatch(/"nginx"/);
    await run(made, [host]);
    expect(host.facts().files).toEqual({ [conf]: theirs });
    expect(host.facts().services.nginx).toMatchObject({ active: 'active', enabled: 'enabled' });
  });
});

test('repo files that were pointed at the vault are as they were', async () => {
  const path = '/etc/yum.repos.d/CentOS-Base.repo';
  const text = '[base]\nmirrorlist=http://l.example.org/\n#baseurl=http://mirror.example.org/centos/\n';
  const repo = { state: 'present', sha256: 'x', mode: 0o644, owner: 'root:root', text } as const;
  const host = fakeHost(
    bareFacts('keep_136', {
      os: { id: 'centos', version: '7', name: 'CentOS Linux 7' },
      packageManager: 'yum',
      files: { [path]: repo },
    }),
  );
  const old = (inventory: string): string =>
    inventory.replace('[--sysconfdir=/etc]', '[--disable-track-process]');
  const vault = exampleInventory((all) =>
    old(all).replace('# packages:', 'packages:').replace('#   vault: false', '  vault: true'),
  );
  const made = await apply(vault, [host]);
  expect(ids(made, 'keep_136').slice(0, 2)).toEqual(['repos', 'packages']);
  expect(host.facts().files[path]).not.toEqual(repo);
  expect(ids(await apply(vault, [host]), 'keep_136')).toEqual([]);
  // No longer asked for: what is installed from there still is.
  expect(ids(await apply(exampleInventory(old), [host]), 'keep_136')).toEqual([]);
  await run(removal([host]), [host]);
  expect(host.facts().files[path]).toEqual(repo);
});

test('packages stay unless it is said, and then only those of haup go', async () => {
  const hosts = [fakeHost(bareFacts('keep_136', { packages: { curl: '7' } }))];
  await apply(packaged, hosts);
  const kept = removal(hosts);
  expect(ids(kept, 'keep_136')).not.toContain('packages');
  expect(changesOf(kept, 'keep_136').at(-1)?.why).toMatch(/but the packages that it installed: .*nginx/);
  const [change] = changesOf(removal(hosts, { packages: true }), 'keep_136').filter(
    ({ id }) => id === 'packages',
  );
  expect(change?.actions).toEqual([
    { do: 'remove-packages', manager: 'apt-get', names: ['keepalived', 'nginx', 'iproute2'], purge: true },
  ]);
});

test('a removal that was cut off is finished by the next one', async () => {
  const hosts = pair();
  await apply(source, hosts);
  for (const at of ['put-files', 'remove-build', 'remove-user', 'forget'] as const) {
    hosts[1]?.failOn(at, new Error('gone') as never);
    await run(removal(hosts, { hosts: ['keep_137'] }), hosts).catch(() => undefined);
    expect(ids(removal(hosts, { hosts: ['keep_137'] }), 'keep_137')).toContain('forget');
  }
  await run(removal(hosts, { hosts: ['keep_137'] }), hosts);
  expect(hosts[1]?.facts().record).toEqual(bareFacts('').record);
  expect(hosts[1]?.facts().files).toEqual({});
});

test('a password never reaches what is shown', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const shown = changesOf(removal(hosts), 'keep_136').flatMap(({ diffs }) => diffs);
  expect(JSON.stringify(shown)).toMatch(/auth_pass \*\*\*/);
  expect(JSON.stringify(shown)).not.toMatch(/1111/);
});
