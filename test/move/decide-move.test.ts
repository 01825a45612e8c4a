import { describe, expect, test } from 'vitest';
import type { HostView, OwnAnswer, Views } from '../../src/cluster/ability.ts';
import { type Decision, decideFailback, decideFailover } from '../../src/move/decide-move.ts';
import type { Inventory } from '../../src/model/domain.ts';
import type { HostFacts, ServiceFacts } from '../../src/model/facts.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts } from '../fakes/host.ts';

const service = (active: string): ServiceFacts => ({
  load: 'loaded',
  active,
  enabled: 'enabled',
  unit: '/x',
  needsDaemonReload: false,
  program: '/x',
});
interface Wish extends Partial<Pick<HostFacts, 'drain'>> {
  readonly keepalived?: string;
  readonly nginx?: string;
  readonly http?: Partial<OwnAnswer>;
}
const view = (
  host: string,
  { keepalived = 'active', nginx = 'active', drain = null, http = {} }: Wish = {},
): HostView => ({
  facts: bareFacts(host, { services: { keepalived: service(keepalived), nginx: service(nginx) }, drain }),
  http: { address: '192.168.160.136', host, error: null, ...http },
});
const gone: HostView = { facts: null, http: { address: null, host: null, error: null } };
const [one, two] = ['192.168.160.161', '192.168.160.162'];
const inventory = exampleInventory();

const ladder: Inventory = {
  ...inventory,
  vips: inventory.vips.slice(0, 1).map((vip) => ({
    ...vip,
    members: [...vip.members, { host: 'keep_138', priority: 60, interface: null }] as const,
  })),
};

interface Setting {
  readonly a?: HostView;
  readonly b?: HostView;
  readonly c?: HostView;
  readonly holders?: Readonly<Record<string, readonly string[]>>;
  readonly force?: boolean;
  readonly of?: Inventory;
}
const situation = (host: string, { a, b, c, holders, force = false, of = inventory }: Setting) => {
  const views: Views = new Map([
    ['keep_136', a ?? view('keep_136')],
    ['keep_137', b ?? view('keep_137')],
    ...(c === undefined ? [] : [['keep_138', c] as const]),
  ]);
  const held = holders ?? { [one]: ['keep_136'], [two]: ['keep_137'] };
  return { inventory: of, host, views, force, holders: (address: string) => held[address] ?? [] };
};
const out = (setting: Setting = {}, mode: 'drain' | 'stop' = 'drain', canDrain = true): Decision =>
  decideFailover({ ...situation('keep_136', setting), mode, canDrain });
const back = (setting: Setting = {}): Decision => decideFailback(situation('keep_136', setting));
const moves = (decision: Decision): unknown =>
  decision.kind === 'move'
    ? decision.moves.map(({ vip, from, to }) => [vip.address.address, from, to?.host ?? null])
    : decision;

describe('failover', () => {
  test('moves what the host holds to its backup, and nothing else', () => {
    expect(moves(out())).toEqual([[one, 'keep_136', 'keep_137']]);
  });

  test('moves every VIP that the host holds', () => {
    const holders = { [one]: ['keep_136'], [two]: ['keep_136'] };
    expect(moves(out({ holders }))).toEqual([
      [one, 'keep_136', 'keep_137'],
      [two, 'keep_136', 'keep_137'],
    ]);
  });

  test('a standby is taken out of service, too', () => {
    expect(moves(out({ holders: { [one]: ['keep_137'], [two]: ['keep_137'] } }))).toEqual([]);
  });

  test('the first healthy backup takes over, not the first', () => {
    const setting = { of: ladder, b: view('keep_137', { drain: -253 }), c: view('keep_138') };
    expect(moves(out(setting))).toEqual([[one, 'keep_136', 'keep_138']]);
  });

  test.each<[string, HostView, RegExp]>([
    ['is out of reach', gone, /keep_137: cannot be reached/],
    [
      'has no keepalived running',
      view('keep_137', { keepalived: 'failed' }),
      /keep_137: keepalived is failed/,
    ],
    ['has no nginx running', view('keep_137', { nginx: 'inactive' }), /keep_137: nginx is inactive/],
    ['is drained', view('keep_137', { drain: -253 }), /keep_137: is drained/],
    [
      'does not answer',
      view('keep_137', { http: { host: null, error: 'timeout' } }),
      /nginx does not answer on 192\.168\.160\.136 \(timeout\)/,
    ],
    ['answers by another name', view('keep_137', { http: { host: 'keep_136' } }), /calls itself keep_136/],
  ])('is refused when the only backup %s, and goes on with --force', (_, b, reason) => {
    const decision = out({ b });
    expect(decision).toMatchObject({ kind: 'refuse', forcible: true });
    expect(decision.kind === 'refuse' && decision.reasons.join()).toMatch(reason);
    expect(moves(out({ b, force: true }))).toEqual([[one, 'keep_136', null]]);
  });

  test('is refused when two hosts hold the VIP', () => {
    const decision = out({ holders: { [one]: ['keep_136', 'keep_137'] } });
    expect(decision).toMatchObject({
      kind: 'refuse',
      reasons: [expect.stringMatching(/at once \(split brain\)/)],
    });
  });

  test('by drain is refused where there is no drain file, with or without --force; by stop it is not', () => {
    const documented = { ...inventory, vrrp: { ...inventory.vrrp, profile: 'documented' as const } };
    expect(out({ of: documented, force: true }, 'drain', false)).toMatchObject({
      kind: 'refuse',
      forcible: false,
      reasons: [expect.stringMatching(/documented profile/)],
    });
    expect(out({}, 'drain', false)).toMatchObject({ reasons: [expect.stringMatching(/too old/)] });
    expect(out({ of: documented }, 'stop', false).kind).toBe('move');
  });

  test('of a host that is out already is nothing to do', () => {
    const holders = { [one]: ['keep_137'], [two]: ['keep_137'] };
    expect(out({ a: view('keep_136', { drain: -253 }), holders })).toMatchObject({ kind: 'nothing' });
    expect(out({ a: view('keep_136', { keepalived: 'inactive' }), holders }, 'stop')).toMatchObject({
      kind: 'nothing',
    });
    // Drained, but stopping it is something else.
    expect(out({ a: view('keep_136', { drain: -253 }), holders }, 'stop').kind).toBe('move');
    // Drained, and it still has the VIP: that is not done.
    expect(moves(out({ a: view('keep_136', { drain: -253 }) }))).toEqual([[one, 'keep_136', 'keep_137']]);
  });

  test('of a host without a running keepalived and without a VIP is refused: nothing would move', () => {
    const nothing = { a: view('keep_136', { keepalived: 'inactive' }), holders: {} };
    expect(out(nothing)).toMatchObject({ kind: 'refuse', forcible: true });
    expect(out({ ...nothing, force: true }).kind).toBe('move');
  });

  test('of a host out of reach is refused, also with --force', () => {
    expect(out({ a: gone, force: true })).toMatchObject({ kind: 'refuse', forcible: false });
  });
});

describe('failback', () => {
  const away = { [one]: ['keep_137'], [two]: ['keep_137'] };

  test('a drained or stopped host takes back what is its own, and nothing else', () => {
    const expected = [[one, 'keep_137', 'keep_136']];
    expect(moves(back({ a: view('keep_136', { drain: -253 }), holders: away }))).toEqual(expected);
    expect(moves(back({ a: view('keep_136', { keepalived: 'inactive' }), holders: away }))).toEqual(expected);
  });

  test('a VIP that nobody has is taken, too', () => {
    expect(
      moves(back({ a: view('keep_136', { keepalived: 'inactive' }), holders: { [two]: ['keep_137'] } })),
    ).toEqual([[one, null, 'keep_136']]);
  });

  test('a drained host whose VIPs nobody took gets its priority back, and nothing moves', () => {
    expect(moves(back({ a: view('keep_136', { drain: -253 }) }))).toEqual([]);
  });

  test('where an able member comes before it, the VIP stays there', () => {
    const setting = {
      of: {
        ...ladder,
        vips: ladder.vips.map((vip) => ({
          ...vip,
          members: vip.members.toReversed() as unknown as typeof vip.members,
        })),
      },
      a: view('keep_136', { drain: -253 }),
      c: view('keep_138'),
      holders: { [one]: ['keep_138'] },
    };
    expect(moves(back(setting))).toEqual([]);
  });

  test('of a host in service is nothing to do', () => {
    expect(back()).toMatchObject({ kind: 'nothing' });
  });

  test('is refused where nginx would not serve', () => {
    const dead = back({ a: view('keep_136', { drain: -253, nginx: 'failed' }), holders: away });
    expect(dead).toMatchObject({
      kind: 'refuse',
      reasons: [expect.stringMatching(/^keep_136 would take no VIP \(nginx is failed\)$/)],
    });
    const mute = back({
      a: view('keep_136', { drain: -253, http: { host: null, error: 'ECONNREFUSED' } }),
      holders: away,
    });
    expect(mute).toMatchObject({ kind: 'refuse' });
  });
});
