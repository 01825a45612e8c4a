import { describe, expect, test } from 'vitest';
import { clusters } from '../../src/cluster/clusters.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { planService, type ServiceWish } from '../../src/plan/plan-service.ts';
import { type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, changesOf, factsOf, ids, pair, source } from '../fakes/pair.ts';

const both = ['keep_136', 'keep_137'];
const entry = '/etc/keepalived/keepalived.conf';
const planned = (hosts: readonly FakeHost[], wish: Partial<ServiceWish>, targets: readonly string[] = both) =>
  planService(
    { verb: 'restart', service: 'nginx', now: false, ...wish },
    targets,
    factsOf(hosts),
    source.vips,
    clusters(source),
    entry,
  );
/** keep_136 serves, keep_137 stands by. */
const serving = async (): Promise<FakeHost[]> => {
  const hosts = pair();
  await apply(source, hosts);
  return hosts;
};
const other = (host: FakeHost | undefined, change: (facts: HostFacts) => Partial<HostFacts>): FakeHost => {
  if (host === undefined) throw new Error('no host');
  return fakeHost({ ...host.facts(), ...change(host.facts()) });
};
const stopped =
  (service: 'nginx' | 'keepalived', active = 'inactive') =>
  (facts: HostFacts): Partial<HostFacts> => ({
    services: { ...facts.services, [service]: { ...facts.services[service], active, program: '' } },
  });
const idle = ['192.168.160.161', '192.168.160.162'];

describe('a restart', () => {
  test('comes to the standby first, and to each host while it is drained and holds nothing', async () => {
    const made = planned(await serving(), {});
    expect(made.tracks.flat().map(({ title }) => title)).toEqual([
      'restart nginx on keep_137',
      'restart nginx on keep_136',
    ]);
    for (const host of both) {
      expect(ids(made, host)).toEqual(['drain', 'service:nginx', 'undrain']);
      expect(changesOf(made, host)[1]?.actions).toEqual([
        { do: 'service', service: 'nginx', verb: 'restart', idle },
      ]);
    }
    for (const { gate } of made.tracks.flat())
      expect(gate).toEqual(['services', 'healthy', 'one-holder', 'settled', 'http']);
  });

  test('with --now is that alone, and waits for nobody', async () => {
    const made = planned(await serving(), { now: true });
    expect(ids(made, 'keep_136')).toEqual(['service:nginx']);
    expect(changesOf(made, 'keep_136')[0]?.actions).toEqual([
      { do: 'service', service: 'nginx', verb: 'restart' },
    ]);
    expect(made.tracks.flat().flatMap(({ gate }) => gate)).toEqual([]);
  });

  test('of what does not run starts it', async () => {
    const [one, two] = await serving();
    const made = planned([one as FakeHost, other(two, stopped('nginx', 'failed'))], {}, ['keep_137']);
    expect(changesOf(made, 'keep_137').map(({ title }) => title)).toEqual(['start nginx']);
  });
});

describe('a stop', () => {
  test('of a host with a backup comes after its VIPs have gone; without nginx it stays drained', async () => {
    const hosts = await serving();
    const nginx = planned(hosts, { verb: 'stop' }, ['keep_136']);
    expect(ids(nginx, 'keep_136')).toEqual(['drain', 'service:nginx']);
    expect(changesOf(nginx, 'keep_136')[1]?.actions[0]).toMatchObject({ verb: 'stop', idle });
    const keepalived = planned(hosts, { verb: 'stop', service: 'keepalived' }, ['keep_136']);
    expect(ids(keepalived, 'keep_136')).toEqual(['drain', 'service:keepalived', 'undrain']);
  });

  test('of all hosts ends with the one that serves, to which nobody is a backup any more', async () => {
    const made = planned(await serving(), { verb: 'stop' });
    expect(made.tracks.flat().map(({ title }) => title)).toEqual([
      'stop nginx on keep_137',
      'stop nginx on keep_136',
    ]);
    expect(changesOf(made, 'keep_136')).toHaveLength(1);
    expect(changesOf(made, 'keep_136')[0]?.actions[0]).not.toHaveProperty('idle');
  });

  test('of what does not run is none', async () => {
    const [one, two] = await serving();
    const made = planned([one as FakeHost, other(two, stopped('nginx'))], { verb: 'stop' }, ['keep_137']);
    expect([made.tracks, made.same]).toEqual([[], [{ host: 'keep_137', what: 'nginx does not run' }]]);
  });
});

test('a start puts a host that was drained for its stop back into service', async () => {
  const [one, two] = await serving();
  const away = other(two, (facts) => ({ ...stopped('nginx')(facts), drain: -252 }));
  expect(ids(planned([one as FakeHost, away], { verb: 'start' }, ['keep_137']), 'keep_137')).toEqual([
    'service:nginx',
    'undrain',
  ]);
});

test('where a daemon does not run there is nothing to reload, and that is said before anything is done', async () => {
  const [one, two] = await serving();
  expect(() => planned([one as FakeHost, other(two, stopped('nginx'))], { verb: 'reload' })).toThrow(
    expect.objectContaining({ code: 'SERVICE_FAILED', host: 'keep_137' }),
  );
});
