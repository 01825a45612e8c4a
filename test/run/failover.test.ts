import { describe, expect, test } from 'vitest';
import { HaupError } from '../../src/model/errors.ts';
import type { Action } from '../../src/model/action.ts';
import { type MoveOrder, moveVips } from '../../src/run/failover.ts';
import { fakeGround, pair, type Trouble, vrrp } from '../verify/fake-ground.ts';

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
  ...changes,
});
const run = async (given: MoveOrder, trouble: Trouble = {}) => {
  const ground = fakeGround(pair, vrrp, trouble);
  return { ground, report: await moveVips(given, ground, never) };
};

describe('moveVips', () => {
  test('by drain: no request lost, shown before and after', async () => {
    const { ground, report } = await run(order('drain', drain));
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
    expect(ground.acted.map(({ action }) => action.do)).toEqual(['drain']);
    expect(ground.sampling()).toBe(0);
  });

  test('by stop: the bound is the skew of the successor', async () => {
    const { report } = await run(order('stop', stop));
    expect(report).toMatchObject({ ok: true, vips: [{ boundMs: 687.5 }] });
    expect(report.vips[0]?.outageMs).toBeGreaterThan(680);
    expect(report.vips[0]?.lost).toBeGreaterThan(100);
  });

  test('there and back', async () => {
    const ground = fakeGround(pair, vrrp);
    await moveVips(order('drain', drain), ground, never);
    const home = await moveVips(
      order('failback', [{ do: 'undrain' }], {
        moves: [{ vip: pair[0], from: 'keep_137', to: pair[0].members[0] }],
      }),
      ground,
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
    const ground = fakeGround(pair, vrrp, { answers: 'somebody' });
    await expect(moveVips(order('drain', drain), ground, never)).rejects.toMatchObject({
      code: 'FAILOVER_REFUSED',
    });
    expect(ground.acted).toEqual([]);
    expect(ground.sampling()).toBe(0);
    const forced = fakeGround(pair, vrrp, { answers: 'somebody' });
    await moveVips(order('drain', drain, { force: true }), forced, never);
    expect(forced.acted).toHaveLength(1);
    const home = fakeGround(pair, vrrp, { answers: 'somebody' });
    await moveVips(order('failback', [{ do: 'undrain' }]), home, never);
    expect(home.acted).toHaveLength(1);
  });

  test('forced without a backup: it is done, and said not to be well', async () => {
    const { ground, report } = await run(
      order('drain', drain, { force: true, moves: [{ vip: pair[0], from: 'keep_136', to: null }] }),
    );
    expect(ground.acted).toHaveLength(1);
    expect(report).toMatchObject({ ok: false, vips: [] });
    expect(report.reasons.join()).toMatch(/no healthy host is there to take it/);
  });

  test('an action that fails ends it, and nothing goes on sampling', async () => {
    const ground = fakeGround(pair, vrrp, { fails: () => new HaupError('CONNECTION_LOST', 'gone') });
    await expect(moveVips(order('drain', drain), ground, never)).rejects.toThrow('gone');
    expect(ground.sampling()).toBe(0);
  });

  test('Ctrl-C ends the watching', async () => {
    const controller = new AbortController();
    const interrupted = new HaupError('INTERRUPTED', 'Interrupted.');
    const ground = fakeGround(pair, vrrp, { at: { ms: 1500, run: () => controller.abort(interrupted) } });
    await expect(moveVips(order('drain', drain), ground, controller.signal)).rejects.toBe(interrupted);
    expect(ground.sampling()).toBe(0);
  });
});
