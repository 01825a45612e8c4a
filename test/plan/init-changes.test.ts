import { describe, expect, test } from 'vitest';
import { socketsOf } from '../../src/desired/listen-sockets.ts';
import { clusters } from '../../src/cluster/clusters.ts';
import type { FileFact } from '../../src/model/facts.ts';
import { arrange, countChanges } from '../../src/plan/make-plan.ts';
import { planRemoval } from '../../src/plan/plan-removal.ts';
import { restoreHost } from '../../src/plan/restore-host.ts';
import { exampleInventory } from '../fakes/example.ts';
import { type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, changesOf, factsOf, ids, pair, planFor, run, source } from '../fakes/pair.ts';

const present = (text: string): FileFact => ({
  state: 'present',
  sha256: '',
  mode: 0o644,
  owner: 'root:root',
  text,
});
/** Red Hat's, with the package initscripts. */
const redHats = (): FakeHost[] =>
  pair().map((host) =>
    fakeHost({
      ...host.facts(),
      packageManager: 'dnf',
      os: { id: 'centos', version: '8', name: 'CentOS 8' },
      libraries: { openssl: '1.1', pcre1: true, pcre2: true },
      files: { '/etc/rc.d/init.d/functions': present('') },
    }),
  );
const sysv = exampleInventory((text) => text.replace('# service: systemd ', 'service: sysv '));
const newer = exampleInventory((text) =>
  text.replace('# service: systemd ', 'service: sysv ').replace('version: 2.2.4', 'version: 2.2.8'),
);
const textOf = (host: FakeHost | undefined, path: string): string | null => {
  const fact = host?.facts().files[path];
  return fact?.state === 'present' ? fact.text : null;
};
const unit = '/etc/systemd/system/keepalived.service';
const dropin = '/etc/systemd/system/keepalived.service.d/haup.conf';

describe('registered by an init script', () => {
  test('from bare hosts: script and settings come out of the build, and there is no unit beside them', async () => {
    const hosts = redHats();
    const made = await apply(sysv, hosts);
    expect(ids(made, 'keep_137')).toContain('init:keepalived');
    const [host] = hosts;
    expect(textOf(host, '/etc/init.d/keepalived')).toBe('# starts 2.2.7\n');
    expect(host?.facts().files['/etc/init.d/keepalived']).toMatchObject({ mode: 0o755 });
    expect(textOf(host, '/etc/sysconfig/keepalived')).toMatch(
      /^# settings of 2\.2\.7\n\n#.*\nPATH=\/usr\/local\/keepalived\/sbin:\$PATH\nKEEPALIVED_OPTIONS="\$KEEPALIVED_OPTIONS --use-file=\/etc\/keepalived\/keepalived\.conf"\n$/,
    );
    expect(textOf(host, dropin)).toMatch(/ExecStopPost=/);
    expect(textOf(host, unit)).toBe(null);
    expect(host?.facts().services.keepalived).toMatchObject({ active: 'active', enabled: 'enabled' });
    expect(countChanges(planFor(sysv, hosts)).changes).toBe(0);
    expect(planFor(sysv, hosts).same.map(({ what }) => what)).toContain(
      'init script of keepalived: as in the source tree',
    );
  });

  test('there and back on hosts that serve: each is drained, and nothing is left to do or behind', async () => {
    const hosts = redHats();
    await apply(source, hosts);
    const before = Object.keys(hosts[0]?.facts().files ?? {}).sort();
    const there = await apply(sysv, hosts);
    expect(ids(there, 'keep_136')).toEqual([
      'drain',
      'unit:keepalived',
      'leftover:files',
      'init:keepalived',
      'service:keepalived',
      'undrain',
    ]);
    expect(changesOf(there, 'keep_136').find(({ id }) => id === 'service:keepalived')?.title).toBe(
      'enable and restart keepalived',
    );
    expect(changesOf(there, 'keep_136').find(({ id }) => id === 'init:keepalived')?.diffs).toMatchObject([
      { path: '/etc/init.d/keepalived', before: null, after: '# starts 2.2.7\n' },
      { path: '/etc/sysconfig/keepalived', before: null },
    ]);
    expect(countChanges(planFor(sysv, hosts)).changes).toBe(0);
    const back = await apply(source, hosts);
    expect(ids(back, 'keep_136')).toEqual([
      'drain',
      'unit:keepalived',
      'leftover:files',
      'service:keepalived',
      'undrain',
    ]);
    expect(countChanges(planFor(source, hosts)).changes).toBe(0);
    expect(Object.keys(hosts[0]?.facts().files ?? {}).sort()).toEqual(before);
  });

  test('a script that was changed on the host is put right; a new build brings its own', async () => {
    const hosts = redHats();
    await apply(sysv, hosts);
    const [host] = hosts;
    const facts = host?.facts();
    if (facts === undefined) throw new Error('no host');
    const edited = fakeHost({
      ...facts,
      files: { ...facts.files, '/etc/init.d/keepalived': present('exit 0\n') },
    });
    const change = changesOf(planFor(sysv, [edited]), 'keep_136').find(({ id }) => id === 'init:keepalived');
    expect(change?.why).toBe('/etc/init.d/keepalived differs');
    expect(change?.undo).toMatchObject([{ files: [{ bytes: Buffer.from('exit 0\n') }] }]);
    await apply(newer, hosts);
    expect(textOf(host, '/etc/init.d/keepalived')).toBe('# starts 2.2.8\n');
    expect(textOf(host, '/etc/sysconfig/keepalived')).toMatch(/^# settings of 2\.2\.8\n\n# The rest/);
    expect(countChanges(planFor(newer, hosts)).changes).toBe(0);
  });

  test('a build that has left its init script behind is put in place again', async () => {
    const hosts = redHats();
    await apply(source, hosts);
    const older = hosts.map((host) => {
      const facts = host.facts();
      const files = Object.entries(facts.files).filter(([path]) => !path.includes('/share/keepalived/'));
      return fakeHost({ ...facts, files: Object.fromEntries(files) });
    });
    expect(countChanges(planFor(source, older)).changes).toBe(0);
    const made = await apply(sysv, older);
    expect(changesOf(made, 'keep_137').find(({ id }) => id === 'install:keepalived')?.why).toBe(
      'keepalived 2.2.7 was installed without its init script',
    );
    expect(countChanges(planFor(sysv, older)).changes).toBe(0);
  });

  test.each([
    ['a unit', source, sysv],
    ['an init script', sysv, source],
  ])('a rollback goes back to %s', async (_name, first, second) => {
    const hosts = redHats();
    await apply(first, hosts);
    const whole = (): object =>
      hosts.map((host) => {
        const { files, services } = host.facts();
        return [Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)), services.keepalived];
      });
    const before = whole();
    await apply(second, hosts);
    expect(whole()).not.toEqual(before);
    const newest = (host: FakeHost) => host.kept()[0];
    const diffs = new Map(
      hosts.flatMap((host) => {
        const state = newest(host);
        return state === undefined
          ? []
          : [[host.name, restoreHost(state, host.keptFiles(state.number), host.facts(), socketsOf)] as const];
      }),
    );
    const kept = new Map(hosts.map((host) => [host.name, newest(host)?.services ?? []] as const));
    const tracks = arrange(diffs, kept, factsOf(hosts), source.vips, clusters(source));
    await run({ tracks, same: [], want: [] }, hosts);
    expect(whole()).toEqual(before);
    expect(countChanges(planFor(first, hosts)).changes).toBe(0);
  });

  test('goes with the rest when haup is removed', async () => {
    const hosts = redHats();
    await apply(sysv, hosts);
    const options = { hosts: ['keep_136', 'keep_137'], packages: false };
    await run(planRemoval(factsOf(hosts), sysv.vips, clusters(sysv), options), hosts);
    expect(Object.keys(hosts[0]?.facts().files ?? {})).toEqual(['/etc/rc.d/init.d/functions']);
    expect(hosts[0]?.facts().services.keepalived).toMatchObject({ load: 'not-found', active: 'inactive' });
  });
});
