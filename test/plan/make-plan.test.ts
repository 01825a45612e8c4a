import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { desire } from '../../src/desired/desire.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import { clusters } from '../../src/cluster/clusters.ts';
import type { DesiredHost } from '../../src/model/desired.ts';
import type { Inventory } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { Plan } from '../../src/model/plan.ts';
import { diffHost } from '../../src/plan/diff-host.ts';
import { type BuildPolicy, countChanges, makePlan } from '../../src/plan/make-plan.ts';
import { execute } from '../../src/run/execute.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { quietRun } from '../fakes/run.ts';

let render: Awaited<ReturnType<typeof loadRender>>;
beforeAll(async () => {
  render = await loadRender();
});

const factsOf = (hosts: readonly FakeHost[]): Map<string, HostFacts> =>
  new Map(hosts.map((host) => [host.name, host.facts()]));
const planFor = (inventory: Inventory, hosts: readonly FakeHost[]): Plan =>
  makePlan(desire(inventory, factsOf(hosts), render), factsOf(hosts), inventory.vips, clusters(inventory), {
    on: 'each',
    cached: new Set(),
  });
const build = () => ({ kind: 'build' }) as const;
const run = (made: Plan, hosts: readonly FakeHost[]): Promise<void> =>
  execute(made, new Map(hosts.map((host) => [host.name, host])), quietRun, new AbortController().signal);
const bareHosts = (): FakeHost[] => ['keep_136', 'keep_137'].map((name) => fakeHost(bareFacts(name)));
const titles = (made: Plan, host: string): string[] =>
  made.tracks
    .flat()
    .flatMap((stage) =>
      stage.work.filter((work) => work.host === host).flatMap(({ changes }) => changes.map(({ id }) => id)),
    );

test('a bare host gets everything, in the order in which it can be done', () => {
  const made = planFor(exampleInventory(), bareHosts());
  expect(titles(made, 'keep_136')).toEqual([
    'packages',
    'user:keepalived_script',
    'user:nginx',
    'build:keepalived',
    'build:nginx',
    'install:keepalived',
    'install:nginx',
    'config:nginx',
    'config:keepalived',
    'unit:nginx',
    'unit:keepalived',
    'service:nginx',
    'service:keepalived',
  ]);
  expect(made.same).toEqual([]);
});

test('after an apply the plan is empty and says why', async () => {
  const hosts = bareHosts();
  const inventory = exampleInventory();
  await run(planFor(inventory, hosts), hosts);
  const again = planFor(inventory, hosts);
  expect(countChanges(again)).toEqual({ changes: 0, hosts: 0 });
  expect(again.same.filter(({ host }) => host === 'keep_136').length).toBeGreaterThan(8);
});

test('cut off anywhere, the next apply finishes', async () => {
  const inventory = exampleInventory();
  const total = await (async () => {
    const hosts = bareHosts();
    await run(planFor(inventory, hosts), hosts);
    return hosts[0]?.acted.length ?? 0;
  })();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: total }), async (steps) => {
      const hosts = bareHosts();
      const made = planFor(inventory, hosts);
      let done = 0;
      const cut = hosts.map((host) => ({
        ...host,
        act: async (...args: Parameters<FakeHost['act']>) => {
          if (host.name === 'keep_136' && done++ === steps)
            throw new HaupError('CONNECTION_LOST', 'gone', { host: host.name });
          return host.act(...args);
        },
      }));
      await run(made, cut).catch(() => undefined);
      await run(planFor(inventory, hosts), hosts);
      expect(countChanges(planFor(inventory, hosts)).changes).toBe(0);
    }),
    { numRuns: 40 },
  );
});

describe('on a pair that serves', () => {
  const serving = async (change: (text: string) => string): Promise<{ made: Plan; hosts: FakeHost[] }> => {
    const hosts = bareHosts();
    await run(planFor(exampleInventory(), hosts), hosts);
    const withVips = hosts.map((host, index) =>
      fakeHost({
        ...host.facts(),
        interfaces: [
          {
            name: 'ens33',
            up: true,
            addresses: index === 0 ? ['192.168.160.161/32', '192.168.160.162/32'] : [],
          },
        ],
      }),
    );
    return { made: planFor(exampleInventory(change), withVips), hosts: withVips };
  };

  test('a changed check reloads keepalived, standby first', async () => {
    const { made } = await serving((text) => text.replace('  # unicast: false', '  garp_master_refresh: 30'));
    expect(made.tracks.flat().map(({ title }) => title)).toEqual(['change keep_137', 'change keep_136']);
    expect(titles(made, 'keep_136')).toEqual(['config:keepalived', 'service:keepalived']);
    const actions = made.tracks.flat()[0]?.work[0]?.changes.flatMap((change) => change.actions);
    expect(actions?.at(-1)).toEqual({ do: 'service', service: 'keepalived', verb: 'reload' });
  });

  test('another configure option rebuilds that daemon alone, and restarts it', async () => {
    const { made } = await serving((text) =>
      text.replace('[--sysconfdir=/etc]', '[--sysconfdir=/etc, --disable-lvs]'),
    );
    // The holder gives its VIPs away before its daemon goes; the standby may have become the holder by its turn.
    for (const host of ['keep_137', 'keep_136'])
      expect(titles(made, host)).toEqual([
        'build:keepalived',
        'drain',
        'install:keepalived',
        'service:keepalived',
        'undrain',
      ]);
    const change = made.tracks.flat()[0]?.work[0]?.changes[0];
    expect(change?.why).toBe('other configure options: with --disable-lvs');
  });
});

describe('builds of one platform', () => {
  const three = () =>
    ['a', 'b', 'c'].map((name) => fakeHost(bareFacts(name, name === 'c' ? { arch: 'aarch64' } : {})));
  const inventory = exampleInventory((text) =>
    text
      .replace(/keep_136:/g, 'a:')
      .replace(/keep_137:/g, 'b:')
      .replace('vips:  ', '  c:\n    address: 192.168.160.138\n    interface: ens33\nvips:  ')
      .replace(/hosts: \[keep_136, keep_137\], virt/, 'hosts: [a, b, c], priorities: [100, 80, 60], virt')
      .replace(/hosts: \[keep_137, keep_136\], virt/, 'hosts: [b, a], virt'),
  );
  const buildsOf = (
    hosts: readonly FakeHost[],
    cached = new Set<string>(),
    policy: Partial<BuildPolicy> = {},
  ) => {
    const made = makePlan(
      desire(inventory, factsOf(hosts), render),
      factsOf(hosts),
      inventory.vips,
      clusters(inventory),
      { on: 'first', cached, ...policy },
    );
    return made.tracks
      .flat()
      .flatMap((stage) =>
        stage.work.flatMap(({ host, changes }) =>
          changes
            .filter(({ id }) => /^(build|install):nginx$/.test(id))
            .map((change) => ({ host, title: change.title, change })),
        ),
      );
  };

  test('are made once, by the first host that needs them', () => {
    expect(buildsOf(three()).map(({ host, title }) => `${host}: ${title}`)).toEqual([
      'a: build nginx 1.22.1',
      'c: build nginx 1.22.1',
      'a: install nginx 1.22.1',
      'b: install nginx 1.22.1 that a builds',
      'c: install nginx 1.22.1',
    ]);
  });

  test('are not made at all when this machine keeps them', () => {
    const action = buildsOf(three())[0]?.change.actions.find((one) => one.do === 'pack-build');
    if (action?.do !== 'pack-build') throw new Error('no pack');
    expect(
      buildsOf(three(), new Set([action.pack.key])).map(({ host, title }) => `${host}: ${title}`),
    ).toEqual([
      'c: build nginx 1.22.1',
      'a: install nginx 1.22.1 kept on this machine',
      'b: install nginx 1.22.1 kept on this machine',
      'c: install nginx 1.22.1',
    ]);
  });
});

describe('where a build comes from, as the inventory says', () => {
  const hosts = () => ['keep_136', 'keep_137'].map((name) => fakeHost(bareFacts(name)));
  const actionsOf = (policy: BuildPolicy): string[] => {
    const inventory = exampleInventory();
    const made = makePlan(
      desire(inventory, factsOf(hosts()), render),
      factsOf(hosts()),
      inventory.vips,
      clusters(inventory),
      policy,
    );
    return made.tracks
      .flat()
      .flatMap(({ work }) =>
        work.flatMap(({ host, changes }) =>
          changes
            .filter(({ id }) => id === 'build:nginx')
            .map(({ actions }) => `${host}: ${actions.map((action) => action.do).join(' ')}`),
        ),
      );
  };
  const made = 'configure make pack-build clean-build';

  test('each: every host builds for itself, and trusts no build of another time', () => {
    const key = ((): string => {
      const inventory = exampleInventory();
      const [work] =
        makePlan(
          desire(inventory, factsOf(hosts()), render),
          factsOf(hosts()),
          inventory.vips,
          clusters(inventory),
          {
            on: 'each',
            cached: new Set(),
          },
        ).tracks[0]?.[0]?.work ?? [];
      const pack = work?.changes
        .find(({ id }) => id === 'build:nginx')
        ?.actions.find((action) => action.do === 'pack-build');
      return pack?.do === 'pack-build' ? pack.pack.key : '';
    })();
    expect(actionsOf({ on: 'each', cached: new Set([key]) })).toEqual([
      `keep_136: upload ${made}`,
      `keep_137: upload ${made}`,
    ]);
  });

  test('fetch: host: who builds downloads, and nothing is pushed', () => {
    expect(actionsOf({ on: 'first', cached: new Set(), fetch: 'host' })).toEqual([`keep_136: fetch ${made}`]);
  });

  test('fetch: host: curl is among what a build needs', () => {
    const inventory = exampleInventory((text) =>
      text
        .replace('# fetch: controller ', 'fetch: host ')
        .replace('#   enabled: true', '  enabled: false')
        .replace('# check:', 'check:'),
    );
    expect([inventory.fetch, inventory.vrrp.check.enabled]).toEqual(['host', false]);
    const [install] =
      planFor(inventory, hosts()).tracks[0]?.[0]?.work[0]?.changes.flatMap(({ actions }) => actions) ?? [];
    expect(install?.do === 'install' && install.names).toContain('curl');
  });
});

describe('one difference, one reason', () => {
  const settled = async (): Promise<{ want: DesiredHost; have: HostFacts }> => {
    const hosts = bareHosts();
    const inventory = exampleInventory();
    await run(planFor(inventory, hosts), hosts);
    const want = desire(inventory, factsOf(hosts), render)[0];
    const have = hosts[0]?.facts();
    if (want === undefined || have === undefined) throw new Error('no host');
    return { want, have };
  };
  const conf = '/etc/keepalived/keepalived.conf';
  const cases: [string, (have: HostFacts) => Partial<HostFacts>, string, RegExp][] = [
    [
      'a mode',
      (h) => ({ files: { ...h.files, [conf]: { ...h.files[conf], mode: 0o644 } as never } }),
      'config:keepalived',
      /mode 644, want 640/,
    ],
    [
      'an owner',
      (h) => ({ files: { ...h.files, [conf]: { ...h.files[conf], owner: 'nobody:root' } as never } }),
      'config:keepalived',
      /belongs to nobody:root/,
    ],
    [
      'a stopped service',
      (h) => ({ services: { ...h.services, nginx: { ...h.services.nginx, active: 'failed' } } }),
      'service:nginx',
      /it is failed/,
    ],
    [
      'a service off at boot',
      (h) => ({ services: { ...h.services, nginx: { ...h.services.nginx, enabled: 'disabled' } } }),
      'service:nginx',
      /does not start at boot/,
    ],
    [
      'a replaced binary',
      (h) => ({
        services: {
          ...h.services,
          nginx: { ...h.services.nginx, program: '/usr/local/nginx/sbin/nginx (deleted)' },
        },
      }),
      'service:nginx',
      /still runs/,
    ],
    ['unread files', () => ({ unread: ['keepalived'] }), 'service:keepalived', /its configuration changes/],
    [
      'an unread unit',
      (h) => ({ services: { ...h.services, nginx: { ...h.services.nginx, needsDaemonReload: true } } }),
      'unit:nginx',
      /systemd has not read/,
    ],
    ['a missing user', () => ({ users: [] }), 'user:keepalived_script', /does not exist/],
    [
      'another version',
      (h) => ({ software: { ...h.software, nginx: { ...h.software.nginx, version: '1.20.2' } as never } }),
      'build:nginx',
      /nginx is 1.20.2, want 1.22.1$/,
    ],
    [
      'a higher version',
      (h) => ({ software: { ...h.software, nginx: { ...h.software.nginx, version: '1.26.3' } as never } }),
      'build:nginx',
      /nginx is 1.26.3, want 1.22.1, which is lower/,
    ],
  ];
  test.each(cases)('%s', async (_name, change, id, why) => {
    const { want, have } = await settled();
    const diff = diffHost(want, { ...have, ...change(have) }, build);
    const found = [...diff.prepare, ...diff.change].find((one) => one.id === id);
    expect(found?.why).toMatch(why);
  });

  test('a file of ours that is not wanted any more is removed', async () => {
    const { want, have } = await settled();
    const stray = '/usr/local/nginx/conf/haup.d/site-old.conf';
    const diff = diffHost(
      want,
      {
        ...have,
        files: {
          ...have.files,
          [stray]: { state: 'present', sha256: 'x', mode: 0o644, owner: 'root:root', text: 'old' },
        },
      },
      build,
    );
    expect(diff.change[0]?.why).toBe(`${stray} is no longer wanted`);
  });

  test('a password never reaches a diff', async () => {
    const { want, have } = await settled();
    const diff = diffHost(
      want,
      {
        ...have,
        files: {
          ...have.files,
          [conf]: {
            state: 'present',
            sha256: 'x',
            mode: 0o640,
            owner: 'root:root',
            text: 'auth_pass hunter22\n',
          },
        },
      },
      build,
    );
    const text = JSON.stringify(diff.change.flatMap(({ diffs }) => diffs));
    expect(text).not.toMatch(/hunter22|1111/);
    expect(text).toMatch(/auth_pass \*\*\*/);
  });
});
