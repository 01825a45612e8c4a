import { describe, expect, test } from 'vitest';
import type { DrillCase } from '../../src/drill/drill-case.ts';
import { HaupError } from '../../src/model/errors.ts';
import { CutShort, runDrill } from '../../src/drill/drills.ts';
import type { GraceOrder } from '../../src/move/grace-order.ts';
import { fakeEnvironment, pair, type Trouble, vrrp } from '../fakes/drill-environment.ts';

const at = (host: string) => ({ host, device: 'ens33', address: `192.168.160.${host.slice(-3)}` });
const orderOf = (index: 0 | 1): GraceOrder => ({
  vip: pair[index].address.address,
  from: at('keep_136'),
  to: [at('keep_137')],
});
const given: DrillCase = {
  drill: 'drain',
  fault: { kind: 'drain' },
  vip: pair[0],
  vrrp,
  from: { host: 'keep_136', priority: 100 },
  to: { host: 'keep_137', priority: 80 },
  beside: [{ vip: pair[1], successor: { host: 'keep_136', priority: 80 } }],
  grace: { seconds: 60, orders: [orderOf(0), orderOf(1)] },
  tag: 't',
};

/** `left`: connections with a host that has given the VIP up, so many milliseconds after the first was counted. */
function world(left: (ms: number, host: string) => number | string, trouble: Trouble = {}) {
  const fake = fakeEnvironment(pair, vrrp, trouble);
  let countedMs: number | null = null;
  const environment = {
    ...fake,
    read: async (host: string): Promise<Buffer> => {
      if (fake.watch.holders(pair[0].address.address).includes(host)) return Buffer.from('4 held\n');
      countedMs ??= fake.now();
      return Buffer.from(`${left(fake.now() - countedMs, host)}\n`);
    },
  };
  const acted = (): readonly string[] => fake.acted.map(({ host, action }) => `${host} ${action.do}`);
  return { environment, acted, fake };
}
const never = new AbortController().signal;
const whole = [
  'keep_137 grace-forward',
  'keep_136 grace-answer',
  'keep_136 break',
  'keep_137 grace-end',
  'keep_136 grace-end',
  'keep_136 grace-forward',
  'keep_137 grace-answer',
  'keep_136 restore',
  'keep_136 grace-end',
  'keep_137 grace-end',
];

test('a drain ends when the connections have, and so does its way back; other VIPs are left alone', async () => {
  const { environment, acted } = world((ms, host) => (host === 'keep_136' ? (ms < 7_000 ? 12 : 0) : 0));
  const report = await runDrill(given, environment, never);
  expect(report).toMatchObject({
    ok: true,
    grace: { open: 12, cut: 0, why: null },
    failback: { lost: 0, grace: { open: 0, cut: 0, why: null } },
  });
  expect(report.restoredMs).toBeGreaterThan(10_000);
  expect(acted()).toEqual(whole);
});

test('its timer on the host is later than the grace', async () => {
  const { fake, environment } = world(() => 0);
  await runDrill(given, environment, never);
  const without = world(() => 0);
  const { grace: _, ...plain } = given;
  const report = await runDrill(plain, without.environment, never);
  expect(report.grace).toBeUndefined();
  expect(without.acted()).toEqual(['keep_136 break', 'keep_136 restore']);
  const secondsOf = ({ acted }: typeof fake): number =>
    acted.flatMap(({ action }) => (action.do === 'break' ? [action.deadMan.seconds] : []))[0] ?? 0;
  expect(secondsOf(fake)).toBe(secondsOf(without.fake) + 60);
});

test('connections on the way back are waited for too, and what is left at the end is cut and reported', async () => {
  const { environment } = world((_, host) => (host === 'keep_137' ? 3 : 0));
  const report = await runDrill(given, environment, never);
  expect(report).toMatchObject({ ok: true, failback: { grace: { open: 3, cut: 3 } } });
});

test('a new holder that fails meanwhile fails the drill', async () => {
  const { environment } = world((ms) => (ms < 3_000 ? 2 : '2 held'));
  const report = await runDrill(given, environment, never);
  expect(report).toMatchObject({ ok: false, grace: { open: 2, cut: 0 } });
  expect(report.reasons[0]).toBe('its new holder failed, and keep_136 had it again');
});

test('where it cannot be, that is said, and the drill goes on as before', async () => {
  const { environment, fake } = world(() => 5, {
    fails: (action) =>
      action.do === 'grace-forward' ? new HaupError('COMMAND_FAILED', 'It has no nft.') : null,
  });
  const report = await runDrill(given, environment, never);
  expect(report).toMatchObject({ ok: true, grace: { open: null, why: 'keep_137: It has no nft.' } });
  expect(report.restoredMs).toBeLessThan(6_000);
  expect(fake.said.join()).toContain('open connections cannot be kept (keep_137: It has no nft.)');
});

describe('broken off', () => {
  test('before anything moved: the hosts are as they were', async () => {
    const { environment, acted } = world(() => 0, {
      fails: (action) => (action.do === 'break' ? new Error('no') : null),
    });
    await expect(runDrill(given, environment, never)).rejects.toThrow('no');
    expect(acted()).toContain('keep_136 grace-end');
    expect(acted()).toContain('keep_137 grace-end');
  });

  test('in the grace: the host is restored at once, and the rest ends by the timers of the hosts', async () => {
    const stop = new AbortController();
    const { environment, acted } = world((ms) => {
      if (ms > 2_000) stop.abort(new Error('Ctrl-C'));
      return 2;
    });
    const cut = await runDrill(given, environment, stop.signal).catch((error: unknown) => error);
    expect(cut).toBeInstanceOf(CutShort);
    expect(acted()).toEqual([...whole.slice(0, 3), 'keep_136 restore']);
  });
});
