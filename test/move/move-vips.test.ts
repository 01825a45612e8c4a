import { describe, expect, test } from 'vitest';
import { HaupError } from '../../src/model/errors.ts';
import type { Action } from '../../src/model/action.ts';
import { type MoveOrder, moveVips } from '../../src/move/move-vips.ts';
import { fakeEnvironment, pair, type Trouble, vrrp } from '../fakes/drill-environment.ts';

const never = new AbortController().signal;
const drain: readonly Action[] = [{ do: 'drain' }];
const stop: readonly Action[] = [{ do: 'service', service: 'keepalived', verb: 'stop' }];
const order = (
  mode: MoveOrder['mode'],
  actions: readonly Action[],
  changes: Partial<MoveOrder> = {},
): MoveOrder => ({
  host: 'keep_136',
  mode,
  moves: [{ vip: pair[0], from: 'keep_136', to: pair[0].members[1] }],
  actions,
  vips: pair,
  vrrp,
  nginx: { sites: [] },
  force: false,
  graces: [],
  graceSeconds: 60,
  ...changes,
});
const run = async (given: MoveOrder, trouble: Trouble = {}) => {
  const environment = fakeEnvironment(pair, vrrp, trouble);
  return { environment, report: await moveVips(given, environment, never) };
};

describe('moveVips', () => {
  test('by drain: no request lost, shown before and after', async () => {
    const { environment, report } = await run(order('drain', drain));
    expect(report).toMatchObject({
      ok: true,
      host: 'keep_136',
      mode: 'drain',
      vips: [{ address: '192.168.160.161', from: 'keep_136', to: 'keep_137', lost: 0, boundMs: 0 }],
      before: [{ holders: ['keep_136'] }, { holders: ['keep_137'] }],
      after: [{ holders: ['keep_137'] }, { holders: ['keep_137'] }],
      reasons: [],
    });
    expect(report.vips[0]?.total).toBeGreaterThan(700);
    expect(report.vips[0]?.movedMs).toBeGreaterThan(3000);
    expect(environment.acted.map(({ action }) => action.do)).toEqual(['drain']);
    expect(environment.sampling()).toBe(0);
  });

  test('connections that were open to a VIP with a holder are reported, and no part of the verdict', async () => {
    const { report } = await run(order('drain', drain));
    expect(report).toMatchObject({ ok: true, vips: [{ connections: [{ kind: 'busy', open: 1, cut: 1 }] }] });
    const orphan = [{ vip: pair[0], from: null, to: pair[0].members[1] }] as const;
    const without = await run(order('drain', drain, { moves: orphan }));
    expect(without.report.vips[0]).not.toHaveProperty('connections');
  });

  test('by stop: the bound is the skew of the successor', async () => {
    const { report } = await run(order('stop', stop));
    expect(report).toMatchObject({ ok: true, vips: [{ boundMs: 687.5 }] });
    expect(report.vips[0]?.outageMs).toBeGreaterThan(680);
    expect(report.vips[0]?.lost).toBeGreaterThan(100);
  });

  test('there and back', async () => {
    const environment = fakeEnvironment(pair, vrrp);
    await moveVips(order('drain', drain), environment, never);
    const home = await moveVips(
      order('failback', [{ do: 'undrain' }], {
        moves: [{ vip: pair[0], from: 'keep_137', to: pair[0].members[0] }],
      }),
      environment,
      never,
    );
    expect(home).toMatchObject({ ok: true, vips: [{ from: 'keep_137', to: 'keep_136', lost: 0 }] });
    expect(home.after).toEqual(
      home.before.map((was, index) => (index === 0 ? { ...was, holders: ['keep_136'] } : was)),
    );
  });

  test('a VIP that does not move, or is held twice, is not ok, with the reason', async () => {
    const stuck = await run(order('drain', drain), { neverComesBack: true });
    expect(stuck.report).toMatchObject({ ok: false, vips: [{ to: null, movedMs: null }] });
    expect(stuck.report.reasons.join()).toMatch(/192\.168\.160\.161: keep_136 still has it after/);
    const split = await run(order('drain', drain), { splitBrain: true });
    expect(split.report.reasons.join()).toMatch(/both have it at the end: split brain/);
    expect(split.report.after[0]?.holders).toEqual(['keep_136', 'keep_137']);
  });

  test('a VIP that cannot be observed from here is not touched, unless forced; the way back is never barred', async () => {
    const environment = fakeEnvironment(pair, vrrp, { answers: 'somebody' });
    await expect(moveVips(order('drain', drain), environment, never)).rejects.toMatchObject({
      code: 'FAILOVER_REFUSED',
    });
    expect(environment.acted).toEqual([]);
    expect(environment.sampling()).toBe(0);
    const forced = fakeEnvironment(pair, vrrp, { answers: 'somebody' });
    await moveVips(order('drain', drain, { force: true }), forced, never);
    expect(forced.acted).toHaveLength(1);
    const home = fakeEnvironment(pair, vrrp, { answers: 'somebody' });
    await moveVips(order('failback', [{ do: 'undrain' }]), home, never);
    expect(home.acted).toHaveLength(1);
  });

  test('forced without a backup: it is done, and said not to be well', async () => {
    const { environment, report } = await run(
      order('drain', drain, { force: true, moves: [{ vip: pair[0], from: 'keep_136', to: null }] }),
    );
    expect(environment.acted).toHaveLength(1);
    expect(report).toMatchObject({ ok: false, vips: [] });
    expect(report.reasons.join()).toMatch(/no healthy host is there to take it/);
  });

  test('an action that fails ends it, and nothing goes on sampling', async () => {
    const environment = fakeEnvironment(pair, vrrp, {
      fails: () => new HaupError('CONNECTION_LOST', 'gone'),
    });
    await expect(moveVips(order('drain', drain), environment, never)).rejects.toThrow('gone');
    expect(environment.sampling()).toBe(0);
  });

  test('Ctrl-C ends the watching', async () => {
    const controller = new AbortController();
    const interrupted = new HaupError('INTERRUPTED', 'Interrupted.');
    const environment = fakeEnvironment(pair, vrrp, {
      at: { ms: 1500, run: () => controller.abort(interrupted) },
    });
    await expect(moveVips(order('drain', drain), environment, controller.signal)).rejects.toBe(interrupted);
    expect(environment.sampling()).toBe(0);
  });
});
