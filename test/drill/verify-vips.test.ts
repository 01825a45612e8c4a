import { describe, expect, test } from 'vitest';
import type { HostView } from '../../src/cluster/ability.ts';
import type { SshSettings } from '../../src/model/domain.ts';
import { HaupError } from '../../src/model/errors.ts';
import { drainFile, healthCheck, keepalivedConf } from '../../src/model/layout.ts';
import { type OpenDrillEnvironment, verifyVips } from '../../src/drill/verify-vips.ts';
import type { VipMove } from '../../src/move/decide-move.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, runningService as service } from '../fakes/host.ts';
import { type FakeEnvironment, fakeEnvironment } from '../fakes/drill-environment.ts';

const inventory = exampleInventory();
const whole = `${drainFile} ${healthCheck}`;
const file = (text: string) => ({ state: 'present', text }) as never;
const view = (host: string, nginx = 'active', conf = whole): HostView => ({
  facts: bareFacts(host, {
    services: { keepalived: service, nginx: { ...service, active: nginx } },
    files: { [keepalivedConf]: file(conf) },
  }),
  http: { address: '192.168.160.136', host, error: null },
});
/** One world for all drills, and how long each wants it. */
const opening =
  (environment: FakeEnvironment, limits: number[] = []): OpenDrillEnvironment =>
  async (limitMs) => {
    limits.push(limitMs);
    return { ...environment, [Symbol.asyncDispose]: async () => {} };
  };
const verify = async (views: ReadonlyMap<string, HostView>) => {
  const environment = fakeEnvironment(inventory.vips, inventory.vrrp);
  const order = { inventory, vips: inventory.vips, drills: ['stop' as const], views, count: 1, tag: 't' };
  return { environment, ...(await verifyVips(order, opening(environment), new AbortController().signal)) };
};

test('the example: both VIPs, one after the other, each from its own holder', async () => {
  const { environment, report } = await verify(
    new Map([
      ['keep_136', view('keep_136')],
      ['keep_137', view('keep_137')],
    ]),
  );
  expect(report.ok).toBe(true);
  expect(
    report.vips.map(({ address, drills }) => [
      address,
      drills.map(({ drill, from, to }) => [drill, from, to]),
    ]),
  ).toEqual([
    ['192.168.160.161', [['stop', 'keep_136', 'keep_137']]],
    ['192.168.160.162', [['stop', 'keep_137', 'keep_136']]],
  ]);
  expect(environment.acted.map(({ host, action }) => `${action.do} ${host}`)).toEqual([
    'break keep_136',
    'restore keep_136',
    'break keep_137',
    'restore keep_137',
  ]);
  expect(environment.now()).toBeLessThan(16_000);
});

test('without a healthy successor nothing is broken, and nothing is verified', async () => {
  const { environment, report } = await verify(
    new Map([
      ['keep_136', view('keep_136')],
      ['keep_137', view('keep_137', 'failed')],
    ]),
  );
  expect(environment.acted).toEqual([]);
  expect(report.ok).toBe(false);
  expect(report.vips[0]?.drills[0]?.reasons).toEqual([
    'not drilled: no other host could take over (keep_137: nginx is failed)',
  ]);
  expect(report.vips[1]?.drills[0]).toMatchObject({ from: 'keep_136', to: null });
});

test.each<[string, 'stop' | 'link' | 'reboot', Partial<SshSettings>, RegExp]>([
  [
    'a VIP',
    'stop',
    { jump: 'root@192.168.160.162:22' },
    /keep_137 is reached through 192\.168\.160\.162, a VIP/,
  ],
  [
    'the link to be cut',
    'link',
    { jump: 'gate,keep_136' },
    /keep_137 is reached through keep_136, whose link/,
  ],
  [
    'the host to be rebooted',
    'reboot',
    { jump: 'keep_136' },
    /keep_137 is reached through keep_136, which would reboot/,
  ],
])('nothing is broken when the way to a host leads through %s', async (_, drill, ssh, says) => {
  const hosts = inventory.hosts.map((host) =>
    host.name === 'keep_137' ? { ...host, ssh: { ...host.ssh, ...ssh } } : host,
  );
  const holding = new Map(
    ['keep_136', 'keep_137'].map((host) => {
      const { facts, http } = view(host);
      if (facts === null) throw new Error('it has facts');
      const addresses = ['192.168.160.161/32'];
      return [host, { facts: { ...facts, interfaces: [{ name: 'ens33', up: true, addresses }] }, http }];
    }),
  );
  const environment = fakeEnvironment(inventory.vips, inventory.vrrp);
  const order = {
    inventory: { ...inventory, hosts },
    vips: inventory.vips.slice(0, 1),
    drills: [drill],
    views: holding,
    count: 1,
    tag: 't',
  };
  const { report } = await verifyVips(order, opening(environment), new AbortController().signal);
  expect(environment.acted).toEqual([]);
  expect(report.vips[0]?.drills[0]?.reasons.join()).toMatch(says);
});

test('haup does not reboot the host that it runs on', async () => {
  const environment = fakeEnvironment(inventory.vips, inventory.vrrp);
  const order = {
    ...orderOf(),
    vips: inventory.vips.slice(0, 1),
    drills: ['reboot' as const],
    here: 'keep_136',
  };
  const { report } = await verifyVips(order, opening(environment), new AbortController().signal);
  expect(environment.acted).toEqual([]);
  expect(report.vips[0]?.drills[0]?.reasons.join()).toMatch(
    /haup runs on keep_136 itself, which would reboot/,
  );
});

test('a drill that would show nothing is not made', async () => {
  const views = new Map(['keep_136', 'keep_137'].map((host) => [host, view(host, 'active', '')] as const));
  const environment = fakeEnvironment(inventory.vips, inventory.vrrp);
  const order = {
    inventory,
    vips: inventory.vips.slice(0, 1),
    drills: ['drain' as const],
    views,
    count: 1,
    tag: 't',
  };
  const { report } = await verifyVips(order, opening(environment), new AbortController().signal);
  expect(environment.acted).toEqual([]);
  expect(report.vips[0]?.drills[0]?.reasons).toEqual([
    'not drilled: keep_136: the keepalived.conf that it runs with has no drain file',
  ]);
});

test('a VIP that a host has which is not watched is none of its business', async () => {
  const [first, second] = inventory.vips;
  if (first === undefined || second === undefined) throw new Error('the example has two VIPs');
  const [, keep136] = second.members;
  const ring = { ...second, members: [{ ...keep136, host: 'keep_138' }, keep136] as const };
  const views = new Map(['keep_136', 'keep_137'].map((host) => [host, view(host)] as const));
  const environment = fakeEnvironment([first], inventory.vrrp);
  const order = {
    inventory: { ...inventory, vips: [first, ring] },
    vips: [first],
    drills: ['stop' as const],
    views,
    count: 1,
    tag: 't',
  };
  expect(environment.watch.holders(ring.address.address)).toEqual([]);
  const { report } = await verifyVips(order, opening(environment), new AbortController().signal);
  expect(report).toMatchObject({ ok: true });
});

const both = new Map(['keep_136', 'keep_137'].map((host) => [host, view(host)] as const));
const orderOf = (vrrp = inventory.vrrp) => ({
  inventory: { ...inventory, vrrp },
  vips: inventory.vips,
  drills: ['stop' as const],
  views: both,
  count: 1,
  tag: 't',
});

test('each drill is watched for as long as its timers need: with preempt_delay 300 for more than ten minutes', async () => {
  const limits: number[] = [];
  const vrrp = { ...inventory.vrrp, preemptDelay: 300 };
  const environment = fakeEnvironment(inventory.vips, vrrp);
  const { report } = await verifyVips(
    orderOf(vrrp),
    opening(environment, limits),
    new AbortController().signal,
  );
  expect(report.ok).toBe(true);
  expect(limits).toHaveLength(2);
  for (const limitMs of limits) expect(limitMs).toBeGreaterThan(600_000);
});

describe('with a count', () => {
  const one = inventory.vips.slice(0, 1);
  test('each drill runs so often, under its own timer, and is summed up', async () => {
    const environment = fakeEnvironment(inventory.vips, inventory.vrrp);
    const order = { ...orderOf(), vips: one, drills: ['stop' as const, 'drain' as const], count: 3 };
    const { report } = await verifyVips(order, opening(environment), new AbortController().signal);
    expect(report.ok).toBe(true);
    const [vip] = report.vips;
    expect(vip?.drills.map(({ drill }) => drill)).toEqual([
      'stop',
      'stop',
      'stop',
      'drain',
      'drain',
      'drain',
    ]);
    expect(vip?.repeats).toMatchObject([
      { drill: 'stop', count: 3, runs: 3, ok: 3, figures: { lost: { median: 138 }, retried: { worst: 0 } } },
      { drill: 'drain', runs: 3, figures: { lost: { median: 0, worst: 0, spread: 0 } } },
    ]);
    const outages = (vip?.drills ?? []).slice(0, 3).map(({ outageMs }) => outageMs);
    expect(vip?.repeats?.[0]?.figures.outageMs?.worst).toBe(Math.max(...outages));
    expect(environment.said.join('\n')).toMatch(/stopping keepalived on keep_136 \(run 2 of 3\)/);
    const timers = environment.acted.flatMap(({ action }) =>
      action.do === 'break' ? action.deadMan.unit : [],
    );
    expect(new Set(timers).size).toBe(6);
  });

  test('what was measured before a break is summed up, and the rest is not tried', async () => {
    const environment = fakeEnvironment(inventory.vips, inventory.vrrp, {
      fails: (_, count) => (count === 5 ? new HaupError('CONNECTION_LOST', 'Gone.') : null),
    });
    const order = { ...orderOf(), vips: one, drills: ['stop' as const, 'drain' as const], count: 5 };
    const { report } = await verifyVips(order, opening(environment), new AbortController().signal);
    const [vip] = report.vips;
    expect(vip?.drills.map(({ drill, reasons }) => `${drill} ${reasons.join()}`)).toEqual([
      'stop ',
      'stop ',
      'stop not drilled: run 3 of 5 was interrupted: Gone.',
      'drain not drilled: the run was interrupted before it',
    ]);
    expect(vip?.repeats).toMatchObject([{ drill: 'stop', count: 5, runs: 2, ok: 2 }]);
  });

  test('a drill that cannot be made is tried once', async () => {
    const views = new Map(['keep_136', 'keep_137'].map((host) => [host, view(host, 'active', '')] as const));
    const order = { ...orderOf(), views, vips: one, drills: ['drain' as const], count: 4 };
    const environment = fakeEnvironment(inventory.vips, inventory.vrrp);
    const { report } = await verifyVips(order, opening(environment), new AbortController().signal);
    expect(report.vips[0]?.drills).toHaveLength(1);
    expect(report.vips[0]?.repeats).toEqual([]);
  });
});

describe('a run that is broken off', () => {
  const gone = new HaupError('CONNECTION_LOST', 'The watch on its addresses ended by itself.');

  test('reports what it had measured, and what it had not', async () => {
    const environment = fakeEnvironment(inventory.vips, inventory.vrrp, {
      fails: (_, count) => (count === 3 ? gone : null),
    });
    const { report, error } = await verifyVips(orderOf(), opening(environment), new AbortController().signal);
    expect(error).toBe(gone);
    expect(report.ok).toBe(false);
    const [first, second] = report.vips.map(({ drills }) => drills[0]);
    expect(first).toMatchObject({ ok: true, boundMs: 687.5 });
    expect(first?.lost).toBeGreaterThan(100);
    expect(second).toMatchObject({
      ok: false,
      reasons: ['not drilled: it was interrupted: The watch on its addresses ended by itself.'],
    });
    // And what was broken is mended.
    expect(environment.acted.map(({ action }) => action.do)).toEqual([
      'break',
      'restore',
      'break',
      'restore',
    ]);
  });

  test('says of the drills after it that they were not made', async () => {
    const environment = fakeEnvironment(inventory.vips, inventory.vrrp, {
      fails: (_, count) => (count === 3 ? gone : null),
    });
    const order = { ...orderOf(), drills: ['stop' as const, 'drain' as const] };
    const { report } = await verifyVips(order, opening(environment), new AbortController().signal);
    expect(report.vips.flatMap(({ drills }) => drills.map(({ reasons }) => reasons.join()))).toEqual([
      '',
      'not drilled: it was interrupted: The watch on its addresses ended by itself.',
      'not drilled: the run was interrupted before it',
      'not drilled: the run was interrupted before it',
    ]);
  });

  test('rejects where nothing had been measured', async () => {
    const environment = fakeEnvironment(inventory.vips, inventory.vrrp, {
      fails: (_, count) => (count === 1 ? gone : null),
    });
    await expect(verifyVips(orderOf(), opening(environment), new AbortController().signal)).rejects.toBe(
      gone,
    );
  });
});

test('a drain keeps connections of every VIP of its host, and may take so much longer; no fault does', async () => {
  const views = new Map(['keep_136', 'keep_137'].map((host) => [host, view(host)]));
  const asked: string[] = [];
  const limitsOf = async (seconds: number): Promise<readonly number[]> => {
    const limits: number[] = [];
    const keep = {
      seconds,
      orders: (moves: readonly VipMove[]) => {
        asked.push(...moves.map(({ vip, from, to }) => `${vip.address.address} ${from} ${to?.host}`));
        return [];
      },
    };
    const drills = ['drain', 'stop'] as const;
    const order = { inventory, vips: inventory.vips.slice(0, 1), drills, views, count: 1, tag: 't', keep };
    const environment = fakeEnvironment(inventory.vips, inventory.vrrp);
    const { report } = await verifyVips(order, opening(environment, limits), new AbortController().signal);
    expect(report.ok).toBe(true);
    return limits;
  };
  const [long, short] = [await limitsOf(60), await limitsOf(10)];
  expect(long.map((limit, index) => limit - (short[index] ?? 0))).toEqual([2 * 50_000, 0]);
  expect(asked.slice(0, 2)).toEqual([
    '192.168.160.161 keep_136 keep_137',
    '192.168.160.162 keep_136 keep_137',
  ]);
});
