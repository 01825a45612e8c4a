// suite: measures, all
/** haup is killed in the middle of an apply, or is run twice at once: what clients lose, and what is left to do. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { skewMs } from '../../src/measure/bounds.ts';
import { allowanceMs, connections, faultLab, priority, stopMs } from './fault-lab.ts';
import { eventually, figure, onHost, testLab } from './haup.ts';
import { killInner } from './kill.ts';
import { hangMs } from '../limits.ts';
import { measured } from './measured.ts';
import { type Edit, fast, keepalivedOption, nginxOption, soak } from './own-lab.ts';
import { expectServed } from './probing.ts';

const { lab, inventory, inLab, well, apply, pending, underLoad, quick, allDone } = faultLab(
  testLab('killed'),
);

const unicast: Edit = (it) => void (it.vrrp['unicast'] = true);
const vrids: Edit = (it) => it.vips.forEach((vip, at) => (vip['virtual_router_id'] = 61 + at));

/** Moments at which haup is killed, over all kinds of apply; `HAUP_TEST_KILLS=50` for more of them. */
const kills = Math.max(3, Number(process.env['HAUP_TEST_KILLS'] ?? (soak > 0 ? 50 : 3)));

describe('haup is killed in the middle of', () => {
  const slowStopMs = skewMs({ version: 2 }, 1, priority) + allowanceMs;
  const applies: readonly (readonly [string, readonly Edit[], readonly Edit[], number])[] = [
    [
      'files of both daemons, with adverts of 1 s',
      [],
      [connections(2048), (it) => void (it.vrrp['garp_master_refresh'] = 45)],
      slowStopMs,
    ],
    ['a hand-over', [fast], [fast, unicast, vrids], stopMs],
    ['a rebuild', [fast], [fast, keepalivedOption, nginxOption], stopMs],
  ];

  const share = Math.ceil(kills / applies.length);
  test.each(applies)(
    '%s: at most one failover, and the next apply finishes',
    async (what, from, to, bound) => {
      const paths = [inventory(...from), inventory(...to)] as const;
      await apply(paths[0]);
      const { ms: wholeMs } = await apply(paths[1]);
      let [worst, lost, total, stalledMs] = [0, 0, 0, 0];
      for (let index = 0; index < share; index += 1) {
        const wanted = paths[index % 2 === 0 ? 0 : 1];
        const atMs = (wholeMs * (index + 0.5)) / share;
        const seen = await underLoad(`killed after ${(atMs / 1000).toFixed(1)} s of ${what}`, async () => {
          let killing: Promise<void> = Promise.resolve();
          const during = (pid: number): void => {
            killing = sleep(atMs).then(() => killInner(pid, 'SIGKILL'));
          };
          const cut = await inLab(['apply', wanted, '--yes'], { during });
          await killing;
          expect([0, 137]).toContain(cut.code);
          await well(['apply', wanted, '--yes', '--lock-wait', '60']);
        });
        await allDone(wanted);
        worst = Math.max(worst, seen.longestGapMs);
        lost += seen.lost;
        total += seen.total;
        stalledMs = Math.max(stalledMs, seen.stalledMs);
      }
      figure(
        `haup killed at ${share} moments of ${what}: ${lost} of ${total} lost, longest gap ${worst.toFixed(0)} ms`,
      );
      measured(stalledMs, () => expect(worst).toBeLessThan(bound));
      await apply(quick());
    },
    // A rebuild that is not cut off takes a minute or more.
    hangMs(60_000) * (2 + share),
  );
});

test('haup is killed when one host has read what all must read: the others read it by themselves', async () => {
  const [base, changed] = [inventory(fast), inventory(fast, unicast, vrids)];
  await apply(base);
  let killedAt = 0;
  const seen = await underLoad('killed between two who must agree', async () => {
    let heard = '';
    const killing: Promise<void>[] = [];
    await inLab(['apply', changed, '--yes'], {
      onStderr: (text, pid) => {
        heard += text;
        if (killing.length > 0 || !/\[keep_13\d\] begin: reload keepalived/.test(heard)) return;
        killing.push(
          sleep(150).then(() => {
            killedAt = performance.now();
            return killInner(pid, 'SIGKILL');
          }),
        );
      },
    });
    expect(killing).toHaveLength(1);
    await Promise.all(killing);
    const read =
      'ls /run/haup.unread.keepalived /run/haup.finish* 2>/dev/null; ip -o addr show | grep -c "160.16[12]"';
    const both = async (): Promise<string> =>
      `${await onHost(lab, 'keep_136', `${read}; true`)}${await onHost(lab, 'keep_137', `${read}; true`)}`;
    await eventually('each VIP is on one host', async () => /^(0\n2|1\n1|2\n0)\n$/.test(await both()));
    figure(
      `killed in a hand-over: one holder of each VIP again after ${(performance.now() - killedAt).toFixed(0)} ms`,
    );
    await well(['apply', changed, '--yes', '--lock-wait', '60']);
  });
  measured(seen.stalledMs, () => expect(seen.longestGapMs).toBeLessThan(stopMs));
  await allDone(changed);
  await apply(quick());
});

describe('two applies at once', () => {
  test('with --lock-wait both are made, one after the other; without it one is refused', async () => {
    const [first, second] = [inventory(fast, connections(700)), inventory(fast, connections(701))];
    const seen = await underLoad('two applies at once', async () => {
      const wait = ['--yes', '--lock-wait', '60'];
      const both = await Promise.all([inLab(['apply', first, ...wait]), inLab(['apply', second, ...wait])]);
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
      const last = (await pending(first)) === 0 ? first : second;
      expect(await pending(last)).toBe(0);
      expect(await pending(last === first ? second : first)).toBe(3);
      const other = last === first ? second : first;
      const again = await Promise.all([0, 1].map(() => inLab(['apply', other, '--yes'])));
      // The later one is refused, or comes after the first has ended.
      expect(again.map(({ code }) => code).filter((code) => code !== 0 && code !== 5)).toEqual([]);
      const refused = again.find(({ code }) => code === 5);
      if (refused !== undefined)
        expect(refused.stderr.replace(/\s+/g, ' ')).toMatch(/is at work on it: haup apply.*haup unlock/);
      expect(await pending(other)).toBe(0);
    });
    expectServed(seen);
    await apply(quick());
    await allDone(quick());
  });
});
