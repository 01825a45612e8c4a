import { describe, expect, test } from 'vitest';
import { HaupError } from '../../src/model/errors.ts';
import type { DrillCase } from '../../src/drill/drill-case.ts';
import { CutShort, runDrill } from '../../src/drill/drills.ts';
import { fakeEnvironment, pair, type Trouble, vrrp } from '../fakes/drill-environment.ts';

const never = new AbortController().signal;
const drillOf = (drill: DrillCase['drill'] = 'stop'): DrillCase => ({
  drill,
  fault: drill === 'link' ? { kind: drill, interface: 'ens33' } : { kind: drill },
  vip: pair[0],
  vrrp,
  from: { host: 'keep_136', priority: 100 },
  to: { host: 'keep_137', priority: 80 },
  beside: [{ vip: pair[1], successor: { host: 'keep_136', priority: 80 } }],
  tag: 't',
});
const run = async (trouble: Trouble = {}, drill: DrillCase['drill'] = 'stop') => {
  const environment = fakeEnvironment(pair, vrrp, trouble);
  const report = await runDrill(drillOf(drill), environment, never);
  return { environment, report };
};

describe('the stop drill', () => {
  test('measures the skew, the failback, and puts everything back', async () => {
    const { environment, report } = await run();
    expect(report).toMatchObject({ ok: true, reasons: [], from: 'keep_136', to: 'keep_137', boundMs: 687.5 });
    expect(report.outageMs).toBeGreaterThan(680);
    expect(report.outageMs).toBeLessThan(700);
    expect(report.lost).toBe(138);
    expect(report.noneHeldMs).toBeCloseTo(687.5, -1);
    expect(report.bothHeldMs).toBe(0);
    expect(report.failback).toMatchObject({ lost: 0, bothHeldMs: 0, noneHeldMs: 0 });
    expect(report.failback?.outageMs).toBeLessThan(10);
    expect(report.timeline.map(({ host }) => host)).toEqual(['keep_136', 'keep_137', 'keep_136']);
    expect(report.timeline[0]?.fromMs).toBeLessThan(-250);
    expect(report.unanswered).toHaveLength(1);
    expect(environment.acted.map(({ action }) => action.do)).toEqual(['break', 'restore']);
    expect(environment.sampling()).toBe(0);
  });

  test('waits for events, not for fixed times: a pair with 100/80 and adverts every second takes under 8 s', async () => {
    const { environment } = await run();
    expect(environment.now()).toBeLessThan(8_000);
  });

  test('arms a dead man that outlasts the drill, and disarms the same', async () => {
    const { environment } = await run();
    const [broke, mended] = environment.acted.map(({ action }) => action);
    expect(broke).toMatchObject({ do: 'break', fault: { kind: 'stop' } });
    expect(mended).toEqual({ ...broke, do: 'restore' });
    const seconds = broke !== undefined && 'deadMan' in broke ? broke.deadMan.seconds : 0;
    expect(seconds).toBeGreaterThan(15);
    expect(seconds).toBeLessThan(60);
  });
});

describe('a takeover in its two parts:', () => {
  test.each([
    ['stop', 680, 710],
    ['drain', 3680, 3700],
    ['crash', 3350, 3400],
  ] as const)(
    '%s, from the fault to the new holder, and from then to its first answer',
    async (drill, least, most) => {
      const { report } = await run({}, drill);
      expect(report.detectionMs).toBeGreaterThan(least);
      expect(report.detectionMs).toBeLessThan(most);
      expect(report.takeoverMs).toBeGreaterThanOrEqual(0);
      expect(report.takeoverMs).toBeLessThan(10);
    },
  );

  test('none without a new holder', async () => {
    const { report } = await run({ nobodyTakesOver: true });
    expect(report).toMatchObject({ detectionMs: null, takeoverMs: null });
    expect((await run({}, 'vrrp-block-in')).report).toMatchObject({ detectionMs: null, takeoverMs: null });
  });
});

describe('with a hold the fault lasts so long,', () => {
  const held = async (drill: DrillCase['drill'], hold: number) => {
    const environment = fakeEnvironment(pair, vrrp);
    const report = await runDrill({ ...drillOf(drill), hold }, environment, never);
    const [broke] = environment.acted.map(({ action }) => action);
    return { report, seconds: broke?.do === 'break' ? broke.deadMan.seconds : 0 };
  };

  test.each(['stop', 'drain', 'nginx', 'hang'] as const)('%s, and its timer still later', async (drill) => {
    const { report, seconds } = await held(drill, 40);
    expect(report).toMatchObject({ ok: true, reasons: [] });
    expect(report.restoredMs).toBeGreaterThanOrEqual(40_000);
    expect(report.restoredMs).toBeLessThan(41_000);
    expect(seconds).toBe(68);
  });

  test('no shorter than the VIP takes to move', async () => {
    const { report } = await held('nginx', 1);
    expect(report).toMatchObject({ ok: true, to: 'keep_137' });
    expect(report.restoredMs).toBeGreaterThan(3_000);
  });

  test('link: its timer is the end of it', async () => {
    const { report, seconds } = await held('link', 40);
    expect(seconds).toBe(40);
    expect(report.restoredMs).toBeGreaterThanOrEqual(40_000);
    expect(report).toMatchObject({ ok: true });
  });

  test('but not after a crash, which systemd ends', async () => {
    expect((await held('crash', 40)).report.restoredMs).toBeLessThan(10_000);
  });
});

test('a request that is cut in the instant of a move is lost, and no failure when a second connection answers', async () => {
  const { report } = await run({ cutFailback: 5 }, 'stop');
  expect(report).toMatchObject({ ok: true, reasons: [], failback: { lost: 1, retried: 1 } });
  expect(report.unanswered).toHaveLength(2);
});

test('how punctual the requests were is reported', async () => {
  const { report } = await run();
  expect(report).toMatchObject({ intervalMs: 5, lateMs: { median: 1, p99: 1, worst: 1 } });
});

test('connections that were open are reported, and no part of the verdict', async () => {
  const { report } = await run();
  expect(report).toMatchObject({ ok: true, connections: [{ kind: 'busy', open: 1, kept: 0, cut: 1 }] });
  // Asked when the successor has taken over: before that no client can know.
  expect(report.connections?.[0]?.cutMs?.fromMs).toBeGreaterThan(680);
  expect(report.connections?.[0]?.cutMs?.fromMs).toBeLessThan(report.restoredMs ?? 0);
  const stays = await run({}, 'vrrp-block-in');
  expect(stays.report.connections).toMatchObject([{ kind: 'busy', open: 1, kept: 1, cut: 0 }]);
});

test('the drain drill loses nothing', async () => {
  const { environment, report } = await run({}, 'drain');
  expect(report).toMatchObject({ ok: true, lost: 0, boundMs: 0, to: 'keep_137' });
  expect(environment.acted.map(({ action }) => action.do)).toEqual(['break', 'restore']);
});

describe('every other drill moves the VIP within its bound, restores the host, and ends with one holder', () => {
  test.each([
    ['nginx', 2687.5],
    ['hang', 5687.5],
    ['crash', 3687.5],
  ] as const)('%s', async (drill, boundMs) => {
    const { environment, report } = await run({}, drill);
    expect(report).toMatchObject({ ok: true, reasons: [], to: 'keep_137', boundMs, bothHeldMs: 0 });
    expect(report.outageMs).toBeGreaterThan(boundMs - 2500);
    expect(report.outageMs).toBeLessThan(boundMs);
    expect(report.failback).toMatchObject({ lost: 0, bothHeldMs: 0, noneHeldMs: 0 });
    expect(report.timeline.map(({ host }) => host)).toEqual(['keep_136', 'keep_137', 'keep_136']);
    expect(environment.acted.map(({ action }) => action.do)).toEqual(['break', 'restore']);
  });

  test.each(['nginx', 'hang', 'crash'] as const)('%s fails when no host takes over', async (drill) => {
    const { report } = await run({ nobodyTakesOver: true }, drill);
    expect(report).toMatchObject({ ok: false, to: null });
    expect(report.reasons.join()).toMatch(/has it at the end|no host has it|still has it/);
  });

  test('link: the timer on the host is the restore, and nothing is asked of the host before it', async () => {
    const { environment, report } = await run({}, 'link');
    expect(report).toMatchObject({ ok: true, reasons: [], to: 'keep_137', boundMs: 3687.5, bothHeldMs: 0 });
    const [broke] = environment.acted.map(({ action }) => action);
    const seconds = broke?.do === 'break' ? broke.deadMan.seconds : 0;
    expect(seconds).toBe(8);
    expect(report.restoredMs).toBeGreaterThanOrEqual(1000 * seconds);
    expect(report.timeline.map(({ host }) => host)).toEqual(['keep_136', 'keep_137', 'keep_136']);
  });

  test.each(['vrrp-block', 'vrrp-block-out'] as const)(
    '%s is no success: a split brain, with who held what, and one holder after it',
    async (drill) => {
      const { environment, report } = await run({}, drill);
      expect(report).toMatchObject({ ok: false, from: 'keep_136', to: 'keep_137' });
      expect(report.reasons[0]).toBe('keep_136 and keep_137 both have it at the end: split brain');
      expect(report.bothHeldMs).toBeGreaterThan(1000);
      expect(report.timeline.map(({ host }) => host)).toEqual(['keep_136', 'keep_137']);
      expect(environment.watch.holders(pair[0].address.address)).toEqual(['keep_136']);
    },
  );

  test('vrrp-block-in does not move the VIP, whose holder goes on to send, but splits the other one', async () => {
    const { report } = await run({}, 'vrrp-block-in');
    expect(report).toMatchObject({ ok: false, from: 'keep_136', to: 'keep_136', lost: 0 });
    expect(report.reasons.join()).toMatch(
      /^192\.168\.160\.162: keep_136 and keep_137 both held it for \d\.\d s: split brain$/,
    );
    expect(report.restoredMs).toBeGreaterThan(3687);
    expect(report.timeline.map(({ host }) => host)).toEqual(['keep_136']);
  });

  test('crash fails when the host does not come back', async () => {
    const { report } = await run({ neverComesBack: true }, 'crash');
    expect(report.reasons.join()).toMatch(/failback: keep_137 still has it/);
  });
});

describe('reboot', () => {
  test('costs what a stop costs, and the host takes its VIP back after its boot', async () => {
    const { environment, report } = await run({}, 'reboot');
    expect(report).toMatchObject({ ok: true, reasons: [], to: 'keep_137', boundMs: 687.5, bothHeldMs: 0 });
    expect(report.failback).toMatchObject({ lost: 0, bothHeldMs: 0, noneHeldMs: 0 });
    expect(report.restoredMs).toBeGreaterThan(20_000);
    expect(environment.said.filter((line) => /leave|boot|back after/.test(line))).toEqual([
      '192.168.160.161: rebooting keep_136',
      'leave keep_136',
      'waiting for it to boot, up to 10 min',
      'is back after 20 s',
    ]);
    // Nothing is left to restore.
    expect(environment.acted.map(({ action }) => action.do)).toEqual(['break']);
  });

  test('a way back that came before the host was watched again is no gap', async () => {
    const { report } = await run({ backUnseen: true }, 'reboot');
    expect(report).toMatchObject({ ok: true, reasons: [] });
    expect(report.failback).toMatchObject({ lost: 0, noneHeldMs: 0, bothHeldMs: 0 });
    expect(report.timeline.map(({ host }) => host)).toEqual(['keep_136', 'keep_137', 'keep_136']);
  });

  test('of a host that does not come back says so, with what was measured and what to do', async () => {
    const thrown = await run({ neverBoots: true }, 'reboot').then(
      () => null,
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(CutShort);
    const { report, cause } = thrown as CutShort;
    expect(cause).toMatchObject({
      code: 'DRILL_FAILED',
      host: 'keep_136',
      message: 'It has not come back within 10 min of its reboot: nothing answers',
      hint: expect.stringMatching(/console.*haup status/) as string,
    });
    expect(report).toMatchObject({ ok: false, to: 'keep_137', lost: 138, failback: null });
    expect(report.reasons).toEqual([
      'failback: not measured: It has not come back within 10 min of its reboot: nothing answers',
    ]);
  });

  test('fails when a service does not start, and names it', async () => {
    const { report } = await run({ down: 'failed' }, 'reboot');
    expect(report.ok).toBe(false);
    expect(report.reasons).toEqual([
      'keep_136 has booted, and its nginx is failed: systemctl status nginx there says why',
    ]);
  });
});

describe('fails, with the reason,', () => {
  test.each<[string, Trouble, DrillCase['drill'], RegExp]>([
    [
      'when the takeover is slower than the bound and the allowance',
      { slowTakeover: 250 },
      'stop',
      /outage of 9\d\d ms is over the bound of 688 ms plus the allowance of 133 ms/,
    ],
    ['when nobody takes over', { nobodyTakesOver: true }, 'stop', /no host has it at the end/],
    [
      'when the holder does not come back',
      { neverComesBack: true },
      'stop',
      /failback: keep_137 still has it after/,
    ],
    [
      'when both have it after the way back',
      { splitBrain: true },
      'stop',
      /failback: keep_136 and keep_137 both have it at the end: split brain/,
    ],
    [
      'when a drained host does not let go',
      { splitBrain: true },
      'drain',
      /^keep_136 and keep_137 both have it at the end/,
    ],
    [
      'when a request is lost on the way back',
      { lossyFailback: 10 },
      'stop',
      /failback: \d requests? (was|were) lost, and no second connection answered/,
    ],
    [
      'when requests are cut long after the way back',
      { cutFailback: 200 },
      'stop',
      /failback: \d+ requests were lost over 1\d\d ms, and only those of one instant may be/,
    ],
    ['when a drain does not move it', { neverComesBack: true }, 'drain', /keep_136 still has it after/],
  ])('%s', async (_, trouble, drill, reason) => {
    const { report } = await run(trouble, drill);
    expect(report.ok).toBe(false);
    expect(report.reasons.join('\n')).toMatch(reason);
  });

  test('and a slow takeover within the allowance is none', async () => {
    expect((await run({ slowTakeover: 100 })).report.ok).toBe(true);
  });
});

describe('does not break what is not whole', () => {
  test('when somebody else answers on the VIP', async () => {
    const { environment, report } = await run({ answers: 'keep_137' });
    expect(environment.acted).toEqual([]);
    expect(report).toMatchObject({ ok: false, to: null, failback: null });
    expect(report.reasons[0]).toMatch(/not drilled: keep_136 holds the VIP, but does not answer there/);
    expect(environment.sampling()).toBe(0);
  });

  test('when another host has it', async () => {
    const environment = fakeEnvironment(pair, vrrp);
    const swapped = {
      ...drillOf(),
      from: { host: 'keep_137', priority: 80 },
      to: { host: 'keep_136', priority: 100 },
    };
    const report = await runDrill(swapped, environment, never);
    expect(environment.acted).toEqual([]);
    expect(report.reasons[0]).toMatch(/keep_136 holds the VIP, and keep_137 should/);
  });

  test.each([
    [['keep_136', 'keep_137'], /keep_136 and keep_137 both hold 192\.168\.160\.162: split brain/],
    [[], /no host holds 192\.168\.160\.162/],
  ])('when another VIP of its hosts is with %j', async (holders, says) => {
    const environment = fakeEnvironment(pair, vrrp);
    const [mine] = pair;
    const watch = {
      ...environment.watch,
      holders: (address: string) =>
        address === mine.address.address ? environment.watch.holders(address) : holders,
    };
    const report = await runDrill(drillOf(), { ...environment, watch }, never);
    expect(environment.acted).toEqual([]);
    expect(report).toMatchObject({ ok: false, to: null, failback: null });
    expect(report.reasons[0]).toMatch(says);
  });
});

describe('always puts back what it broke', () => {
  const interrupted = new HaupError('INTERRUPTED', 'Interrupted.');

  // Every tenth of a second from before the fault to after the end.
  test.each(Array.from({ length: 75 }, (_, n) => 20 + n * 100))('after Ctrl-C at %d ms', async (ms) => {
    const controller = new AbortController();
    const environment = fakeEnvironment(pair, vrrp, { at: { ms, run: () => controller.abort(interrupted) } });
    const outcome = await runDrill(drillOf(), environment, controller.signal).then(
      () => null,
      (error: unknown) => error,
    );
    const done = environment.acted.map(({ action }) => action.do);
    expect(done.filter((verb) => verb === 'restore')).toHaveLength(
      done.filter((verb) => verb === 'break').length,
    );
    if (outcome instanceof CutShort) {
      expect(outcome.cause).toBe(interrupted);
      expect(outcome.report).toMatchObject({ ok: false, to: 'keep_137', failback: null, lost: 138 });
      expect(outcome.report.reasons).toEqual(['failback: not measured: Interrupted.']);
    } else if (outcome !== null) expect(outcome).toBe(interrupted);
    expect(environment.sampling()).toBe(0);
  });

  test('after the breaking itself failed half way', async () => {
    const environment = fakeEnvironment(pair, vrrp, {
      fails: (action) => (action.do === 'break' ? new HaupError('CONNECTION_LOST', 'gone') : null),
    });
    await expect(runDrill(drillOf(), environment, never)).rejects.toThrow('gone');
    expect(environment.acted.map(({ action }) => action.do)).toEqual(['break', 'restore']);
    expect(environment.sampling()).toBe(0);
  });

  test('after one failure to put it back, by trying again; after two it says what the host will do', async () => {
    const refused = new HaupError('SERVICE_FAILED', 'keepalived does not start');
    const once = fakeEnvironment(pair, vrrp, {
      fails: (action, count) => (action.do === 'restore' && count === 2 ? refused : null),
    });
    await expect(runDrill(drillOf(), once, never)).rejects.toMatchObject({ cause: refused });
    expect(once.acted.map(({ action }) => action.do)).toEqual(['break', 'restore', 'restore']);
    const twice = fakeEnvironment(pair, vrrp, {
      fails: (action) => (action.do === 'restore' ? refused : null),
    });
    await expect(runDrill(drillOf(), twice, never)).rejects.toMatchObject({
      cause: {
        code: 'DRILL_FAILED',
        host: 'keep_136',
        hint: expect.stringMatching(
          /The timer haup-drill-stop-51-t on the host restores it \d+ s after/,
        ) as string,
      },
    });
  });
});
