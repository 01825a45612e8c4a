/** What must hold on a host when a daemon of it is stopped or restarted, and what a change puts back. */

import { describe, expect, test } from 'vitest';
import type { Action } from '../../src/model/action.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { HostFacts, ServiceFacts } from '../../src/model/facts.ts';
import type { Plan } from '../../src/model/plan.ts';
import { diffService } from '../../src/plan/service-changes.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, changesOf, ids, pair, planFor, run, source } from '../fakes/pair.ts';

const idle = ['192.168.160.161', '192.168.160.162'];
const rebuilt = exampleInventory((text) =>
  text.replace('[--sysconfdir=/etc]', '[--sysconfdir=/etc, --disable-lvs]'),
);
const interruptions = (made: Plan, host: string): readonly Action[] =>
  changesOf(made, host)
    .flatMap(({ actions }) => actions)
    .filter((action) => action.do === 'service' && (action.verb === 'restart' || action.verb === 'stop'));
const drained = (host: FakeHost | undefined): FakeHost =>
  fakeHost({ ...(host?.facts() ?? bareFacts('')), drain: -253 });

describe('a restart', () => {
  test('is refused on every host of a cluster that serves while that holds a VIP, standbys too', async () => {
    const hosts = pair();
    await apply(source, hosts);
    for (const host of ['keep_136', 'keep_137'])
      expect(interruptions(planFor(rebuilt, hosts), host)).toEqual([
        { do: 'service', service: 'keepalived', verb: 'restart', idle },
      ]);
  });

  test('of a standby that cannot be drained is looked at in the moment itself', async () => {
    const [one, two] = pair();
    await apply(source, [one as FakeHost, two as FakeHost]);
    const made = planFor(rebuilt, [one as FakeHost, drained(two)]);
    expect(ids(made, 'keep_137')).not.toContain('drain');
    expect(interruptions(made, 'keep_137')).toEqual([expect.objectContaining({ idle })]);
  });

  test('of one host alone is guarded where those that are left out may serve', async () => {
    const [, two] = pair();
    await apply(source, [two as FakeHost]);
    const made = planFor(rebuilt, [two as FakeHost]);
    expect(interruptions(made, 'keep_137')).toEqual([expect.objectContaining({ idle })]);
  });

  test('in a cluster that serves nobody needs no guard', async () => {
    const hosts = ['keep_136', 'keep_137'].map((name) => fakeHost(bareFacts(name)));
    await apply(source, hosts);
    expect(interruptions(planFor(rebuilt, hosts), 'keep_137')).toEqual([
      { do: 'service', service: 'keepalived', verb: 'restart' },
    ]);
  });

  test('ends with a look at the health of the host, before it has its VIPs again', async () => {
    const hosts = pair();
    await apply(source, hosts);
    const changes = changesOf(planFor(rebuilt, hosts), 'keep_136');
    expect(changes.at(-1)?.id).toBe('undrain');
    expect(changes.at(-2)?.after).toEqual(['services', 'healthy']);
  });
});

test('a first start that fails is put back: what did not run does not, and does not at boot', async () => {
  const hosts = ['keep_136', 'keep_137'].map((name) => fakeHost(bareFacts(name)));
  const made = planFor(source, hosts);
  const failing = hosts.map((host) => ({
    ...host,
    act: async (...args: Parameters<FakeHost['act']>) => {
      const [action] = args;
      const done = await host.act(...args);
      // As on a real host: the daemon is enabled, and systemd goes on trying.
      if (host.name === 'keep_137' && action.do === 'service' && action.verb === 'start')
        throw new HaupError('SERVICE_FAILED', 'no', { host: host.name });
      return done;
    },
  }));
  await expect(run(made, failing)).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
  for (const host of hosts) {
    for (const { active, enabled } of Object.values(host.facts().services))
      expect([active, enabled]).not.toEqual(expect.arrayContaining(['active', 'enabled']));
    const acted = host.acted.map((action) =>
      action.do === 'service' ? `${action.verb} ${action.service}` : action.do,
    );
    // Its VIPs go while nginx still answers.
    if (host.name === 'keep_136')
      expect(acted.lastIndexOf('stop keepalived')).toBeLessThan(acted.lastIndexOf('stop nginx'));
  }
});

describe('a daemon', () => {
  const touched = {
    reread: new Set(['nginx'] as const),
    restart: new Set<'nginx'>(),
    program: '/sbin/nginx',
    rebound: null,
    switched: false,
  };
  const found = (part: Partial<ServiceFacts>, rebound: string | null = null) => {
    const facts: HostFacts = bareFacts('a');
    const nginx = {
      ...facts.services.nginx,
      load: 'loaded',
      enabled: 'enabled',
      program: '/sbin/nginx',
      ...part,
    };
    const change = diffService(
      { kind: 'service', service: 'nginx', enabled: true, running: true },
      { ...facts, services: { ...facts.services, nginx } },
      { ...touched, rebound },
    );
    if (typeof change === 'string') return change;
    const verbs = (actions: readonly Action[] = []): readonly string[] =>
      actions.map((action) => (action.do === 'service' ? action.verb : action.do));
    return [verbs(change.actions).join(), verbs(change.undo).join(), change.why];
  };

  test.each<[string, Partial<ServiceFacts>, readonly string[]]>([
    ['that runs reads its files', { active: 'active' }, ['reload', 'reload', 'its configuration changes']],
    ['that failed is started', { active: 'failed', program: '' }, ['start', 'stop', 'it is failed']],
    [
      'that systemd starts again and again is started',
      { active: 'activating', program: '' },
      ['start', '', 'it is started again and again, and ends each time'],
    ],
    [
      'that is about to be ready reads its files',
      { active: 'activating' },
      ['reload', 'reload', 'its configuration changes'],
    ],
    [
      'that is not enabled is disabled again when that fails',
      { active: 'inactive', program: '', enabled: 'disabled' },
      ['enable,start', 'disable,stop', 'it does not start at boot; it is inactive'],
    ],
  ])('%s', (_what, part, said) => expect(found(part)).toEqual(said));

  test('that is to listen elsewhere is restarted where it cannot do it while it runs', () => {
    expect(found({ active: 'active' }, 'from 0.0.0.0:80 to 192.0.2.1:80')).toEqual([
      'restart',
      'restart',
      'it must listen elsewhere, from 0.0.0.0:80 to 192.0.2.1:80, which it cannot while it runs',
    ]);
  });
});

test('a VIP is waited for as soon as its hosts agree on who comes first, and not before', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const settling = (text: (from: string) => string): readonly (readonly string[] | undefined)[] =>
    planFor(exampleInventory(text), hosts)
      .tracks.flat()
      .map((stage) => stage.settling);
  // Nothing of the order changes.
  expect(
    settling((text) => text.replace('  # garp_master_refresh: 60', '  garp_master_refresh: 30')),
  ).toEqual([idle, idle]);
  // The standby comes first with its new priorities, and the holder has its old ones until its own turn.
  expect(settling((text) => text.replace('priorities: [100, 80]', 'priorities: [250, 200]'))).toEqual([
    ['192.168.160.162'],
    idle,
  ]);
});
