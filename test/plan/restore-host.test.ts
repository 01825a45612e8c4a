import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { socketsOf } from '../../src/desired/listen-sockets.ts';
import { clusters } from '../../src/cluster/clusters.ts';
import type { Inventory } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { KeptState } from '../../src/model/kept-state.ts';
import type { Plan } from '../../src/model/plan.ts';
import { arrange, countChanges } from '../../src/plan/make-plan.ts';
import { restoreHost } from '../../src/plan/restore-host.ts';
import { exampleInventory } from '../fakes/example.ts';
import type { FakeHost } from '../fakes/host.ts';
import { apply, factsOf, ids, packaged, pair, planFor, run, source } from '../fakes/pair.ts';

/** Back to the newest state of each host, or to another. */
function rollbackPlan(
  hosts: readonly FakeHost[],
  choose: (states: readonly KeptState[]) => KeptState | undefined = ([newest]) => newest,
): Plan {
  const diffs = new Map(
    hosts.flatMap((host) => {
      const state = choose(host.kept());
      return state === undefined
        ? []
        : [[host.name, restoreHost(state, host.keptFiles(state.number), host.facts(), socketsOf)] as const];
    }),
  );
  const kept = new Map(
    hosts.flatMap((host) => {
      const state = choose(host.kept());
      return state === undefined ? [] : [[host.name, state.services] as const];
    }),
  );
  const tracks = arrange(diffs, kept, factsOf(hosts), source.vips, clusters(source));
  return { tracks, same: [], want: [] };
}

/** What a rollback brings back: files with their modes and owners, programs, services. */
const whole = (hosts: readonly FakeHost[]): object =>
  hosts.map((host) => {
    const { files, software, services, unread } = host.facts();
    const running = Object.values(services).map(({ active, enabled }) => [active, enabled]);
    return [Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)), software, running, unread];
  });

const edits: readonly ((text: string) => string)[] = [
  (text) => text.replace('  # garp_master_refresh: 60', '  garp_master_refresh: 30'),
  (text) => text.replace('  # worker_connections: 1024', '  worker_connections: 512'),
  (text) => text.replace('[--sysconfdir=/etc]', '[--sysconfdir=/etc, --disable-lvs]'),
  (text) =>
    text.replace('[--with-http_ssl_module, --with-http_stub_status_module]', '[--with-http_v2_module]'),
  (text) => text.replace('virtual_router_id: 51', 'virtual_router_id: 61'),
  (text) => text.replace('  # advert_int: 1 ', '  advert_int: 2 '),
  (text) => text.replace(/^ {2}auth_pass.*\n/m, ''),
  (text) =>
    text
      .replace('  # sites: ', '  sites: ')
      .replace(
        /^ {2}# {3}- name: default.*\n {2}# {5}listen: .*\n {2}# {5}server_names: .*\n/m,
        '    - name: other\n',
      ),
];
const variant = (chosen: readonly number[]): Inventory =>
  exampleInventory((text) => chosen.reduce((now, at) => edits[at]?.(now) ?? now, text));
test.each(edits.map((_edit, at) => at))('edit %i is one', (at) => {
  expect(JSON.stringify(variant([at]))).not.toBe(JSON.stringify(source));
});
const subset = fc.subarray(edits.map((_edit, at) => at));

describe('a rollback', () => {
  test('of any change brings back what was, keeps the way back, and then has nothing to do', async () => {
    await fc.assert(
      fc.asyncProperty(subset, subset, async (first, second) => {
        const hosts = pair();
        await apply(variant(first), hosts);
        const before = whole(hosts);
        if (countChanges(await apply(variant(second), hosts)).changes === 0) return;
        const after = whole(hosts);
        await run(rollbackPlan(hosts), hosts);
        expect(whole(hosts)).toEqual(before);
        expect(countChanges(planFor(variant(first), hosts)).changes).toBe(0);
        // The rollback is a change like any other: it can be rolled back.
        await run(rollbackPlan(hosts), hosts);
        expect(whole(hosts)).toEqual(after);
      }),
      { numRuns: 60 },
    );
  });

  test('cut off anywhere, the same rollback or an apply finishes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(14), fc.boolean(), async (steps, again) => {
        const hosts = pair();
        await apply(source, hosts);
        const before = whole(hosts);
        await apply(variant([1, 2, 3]), hosts);
        let done = 0;
        const cut = hosts.map((host) => ({
          ...host,
          act: async (...args: Parameters<FakeHost['act']>) => {
            if (host.name === 'keep_136' && done++ === steps)
              throw new HaupError('CONNECTION_LOST', 'gone', { host: host.name });
            return host.act(...args);
          },
        }));
        const numbers = new Map(hosts.map((host) => [host, host.kept()[0]?.number]));
        await run(rollbackPlan(hosts), cut).catch(() => undefined);
        if (again) {
          const wanted = rollbackPlan(hosts, (states) =>
            states.find(({ number }) => [...numbers.values()].includes(number)),
          );
          await run(wanted, hosts);
          expect(whole(hosts)).toEqual(before);
        }
        await apply(source, hosts);
        expect(countChanges(planFor(source, hosts)).changes).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('puts a program back while its host is drained, and compiles nothing', async () => {
    const hosts = pair();
    await apply(source, hosts);
    await apply(variant([2]), hosts);
    const made = rollbackPlan(hosts);
    expect(ids(made, 'keep_136')).toEqual(['drain', 'install:keepalived', 'service:keepalived', 'undrain']);
    expect(ids(made, 'keep_137')).toEqual(ids(made, 'keep_136'));
    const [, install] = made.tracks.flat()[0]?.work[0]?.changes ?? [];
    expect(install).toMatchObject({ title: 'put keepalived 2.2.7 back as it was' });
    expect(install?.why).toBe('it was another build, without --disable-lvs');
    expect(install?.actions).toEqual([{ do: 'restore-build', service: 'keepalived', state: 1 }]);
  });

  test('of a change of what hosts must agree on is made by all at the same moment', async () => {
    const hosts = pair();
    await apply(source, hosts);
    await apply(variant([5]), hosts);
    expect(rollbackPlan(hosts).tracks.flat()[0]?.title).toBe(
      'change keep_136 and keep_137 at the same moment',
    );
  });

  test('shows no password', async () => {
    const hosts = pair();
    await apply(source, hosts);
    await apply(variant([6]), hosts);
    const shown = JSON.stringify(
      rollbackPlan(hosts)
        .tracks.flat()
        .flatMap(({ work }) => work)
        .flatMap(({ changes }) => changes.map(({ diffs }) => diffs)),
    );
    expect(shown).toMatch(/auth_pass \*\*\*/);
    expect(shown).not.toMatch(/auth_pass 1111/);
  });
});

describe('from packages back to what was built', () => {
  test('the build, its files and its units come back, and the units of the packages go', async () => {
    const hosts = pair();
    await apply(source, hosts);
    const before = hosts.map((host) => host.facts());
    await apply(packaged, hosts);
    await run(rollbackPlan(hosts), hosts);
    hosts.forEach((host, at) => {
      const [was, is] = [before[at], host.facts()] as [HostFacts, HostFacts];
      for (const path of Object.keys(was.files)) expect(is.files[path]).toEqual(was.files[path]);
      expect(Object.keys(is.files).filter((path) => path.endsWith('/haup.conf'))).toEqual([]);
      expect(is.software).toEqual(was.software);
    });
  });

  test('a package that is gone is said to be missing', async () => {
    const hosts = pair();
    await apply(packaged, hosts);
    await apply(source, hosts);
    expect(() =>
      rollbackPlan(
        hosts.map((host) => ({
          ...host,
          facts: () => ({ ...host.facts(), software: { keepalived: null, nginx: null } }),
        })),
      ),
    ).toThrow(/was a package, which is not installed/);
  });
});

describe('what is kept', () => {
  test('nothing before the first apply: there is nothing to go back to', async () => {
    const hosts = pair();
    await apply(source, hosts);
    expect(hosts.map((host) => host.kept())).toEqual([[], []]);
  });

  test('five states, each with whose it was; the same state is not kept twice', async () => {
    const hosts = pair();
    await apply(source, hosts);
    for (let turn = 0; turn < 7; turn++) await apply(variant([turn % 2]), hosts);
    expect(hosts[0]?.kept().map(({ number }) => number)).toEqual([7, 6, 5, 4, 3]);
    expect(hosts[0]?.kept()[0]?.label).toMatchObject({ who: 'ana@workstation', why: 'haup apply' });
    expect(hosts[0]?.kept()[0]?.label.changes).toContain('reload nginx');
    const [host] = hosts;
    host?.failOn('write', new HaupError('CONFIG_TEST_FAILED', 'no', { host: host.name }));
    await apply(variant([1]), hosts).catch(() => undefined);
    await apply(variant([1]), hosts);
    expect(host?.kept().map(({ number }) => number)).toEqual([8, 7, 6, 5, 4]);
  });

  test('a program that was not kept is not promised', async () => {
    const hosts = pair();
    await apply(source, hosts);
    await apply(variant([2]), hosts);
    const gone = hosts.map((host) => ({
      ...host,
      kept: () =>
        host.kept().map((state) => ({
          ...state,
          builds: {
            ...state.builds,
            keepalived: state.builds.keepalived && { ...state.builds.keepalived, kept: false },
          },
        })),
    }));
    expect(() => rollbackPlan(gone)).toThrow(/keepalived 2\.2\.7 of state 1 was not kept/);
  });
});
