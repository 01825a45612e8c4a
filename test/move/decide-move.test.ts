import { describe, expect, test } from 'vitest';
import type { HostView, ProbeAnswer, Views } from '../../src/cluster/ability.ts';
import { type Decision, decideMove } from '../../src/move/decide-move.ts';
import type { Inventory } from '../../src/model/domain.ts';
import type { HostFacts, ServiceFacts } from '../../src/model/facts.ts';
import { drainFile, keepalivedConf, unreadMark } from '../../src/model/layout.ts';
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
  readonly http?: Partial<ProbeAnswer>;
  /** What keepalived.conf says; null: there is none. */
  readonly conf?: string | null;
  /** What keepalived runs with, where an apply was interrupted. */
  readonly unread?: string;
}
const draining = `track_file haup_drain {\n    file ${drainFile}\n}\n`;
const file = (text: string) =>
  ({ state: 'present', text, mode: 0o600, owner: 'root', sha256: '', lines: 1 }) as never;
const view = (
  host: string,
  { keepalived = 'active', nginx = 'active', drain = null, http = {}, conf = draining, unread }: Wish = {},
): HostView => ({
  facts: bareFacts(host, {
    services: { keepalived: service(keepalived), nginx: service(nginx) },
    files: {
      ...(conf === null ? {} : { [keepalivedConf]: file(conf) }),
      ...(unread === undefined ? {} : { [unreadMark('keepalived')]: file(unread) }),
    },
    drain,
  }),
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
const out = (setting: Setting = {}, mode: 'drain' | 'stop' = 'drain'): Decision =>
  decideMove(situation('keep_136', setting), mode);
const back = (setting: Setting = {}): Decision => decideMove(situation('keep_136', setting), 'failback');
const actions = (decision: Decision): unknown => (decision.kind === 'move' ? decision.actions : decision);
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

  test.each<[string, Wish, RegExp]>([
    // The profile and the version may promise one: what keepalived runs with decides.
    ['runs without a drain file', { conf: 'global_defs {}' }, /runs with has no drain file/],
    ['has not read its new file yet', { unread: 'global_defs {}' }, /runs with has no drain file/],
    ['has no configuration', { conf: null }, /\/etc\/keepalived\/keepalived\.conf cannot be read there/],
    ['does not run keepalived', { keepalived: 'failed' }, /keepalived does not run there/],
  ])(
    'by drain is refused on a host that %s, with or without --force; by stop it is not',
    (_, wish, reason) => {
      const a = view('keep_136', wish);
      for (const force of [false, true]) {
        expect(out({ a, force })).toMatchObject({
          kind: 'refuse',
          forcible: false,
          reasons: [expect.stringMatching(reason)],
        });
      }
      if (wish.keepalived === undefined) expect(out({ a }, 'stop').kind).toBe('move');
    },
  );

  test('by drain works wherever keepalived runs with a drain file, whatever the inventory says', () => {
    const documented = { ...inventory, vrrp: { ...inventory.vrrp, profile: 'documented' as const } };
    expect(out({ of: documented }).kind).toBe('move');
    expect(out({ a: view('keep_136', { conf: 'global_defs {}', unread: draining }) }).kind).toBe('move');
  });

  test('drains or stops the host, and failback undoes both', () => {
    expect(actions(out())).toEqual([{ do: 'drain' }]);
    expect(actions(out({}, 'stop'))).toEqual([{ do: 'service', service: 'keepalived', verb: 'stop' }]);
    expect(actions(back({ a: view('keep_136', { drain: -253 }) }))).toEqual([{ do: 'undrain' }]);
    expect(actions(back({ a: view('keep_136', { keepalived: 'inactive' }) }))).toEqual([
      { do: 'undrain' },
      { do: 'service', service: 'keepalived', verb: 'start' },
    ]);
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
