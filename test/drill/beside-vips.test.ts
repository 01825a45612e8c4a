import { describe, expect, test } from 'vitest';
import { besideBound, type BesideObservation, judgeBeside } from '../../src/drill/beside-vips.ts';
import type { Sample } from '../../src/measure/outage.ts';
import { pair, vrrp } from '../fakes/drill-environment.ts';

const [, vip] = pair;
const address = vip.address.address;
const beside = { vip, successor: { host: 'keep_136', priority: 80 } };
/** Answered every 5 ms for 2 s, but not from `lost` on. */
const samples = (...lost: readonly [number, number][]): readonly Sample[] =>
  Array.from({ length: 400 }, (_, n): Sample => {
    const sentAt = n * 5;
    const answered = !lost.some(([from, to]) => sentAt >= from && sentAt < to);
    return answered
      ? { sentAt, answeredAt: sentAt + 1, status: 200, host: 'keep_137', retried: false, error: null }
      : { sentAt, answeredAt: null, status: null, host: null, retried: false, error: 'timeout' };
  });
const seen = (more: Partial<BesideObservation> = {}): BesideObservation => ({
  samples: samples(),
  intervalMs: 5,
  events: [{ at: 0, host: 'keep_137', address, held: true }],
  clockErrorMs: 0,
  window: { fromMs: 0, toMs: 2000 },
  ...more,
});

describe('another VIP of a drilled host', () => {
  const untouched = besideBound(beside, false, 'stop', vrrp);

  test('that nothing happens to is reported, and no reason to fail', () => {
    expect(judgeBeside(address, untouched, seen())).toEqual({
      reasons: [],
      report: expect.objectContaining({ address, lost: 0, total: 400, boundMs: 0, bothHeldMs: 0 }) as unknown,
    });
  });

  test('may lose nothing while another host holds it', () => {
    const { reasons } = judgeBeside(address, untouched, seen({ samples: samples([500, 800]) }));
    expect(reasons).toEqual([
      `${address}: 60 requests were lost, and no second connection answered them`,
      `${address}: the outage of 305 ms is over the bound of 0 ms plus the allowance of 100 ms`,
    ]);
  });

  test('that the drilled host held has its own bound', () => {
    const held = besideBound(beside, true, 'stop', vrrp);
    expect(held.outageMs).toBe(687.5);
    expect(judgeBeside(address, held, seen({ samples: samples([500, 1100]) })).reasons).toEqual([]);
    expect(judgeBeside(address, held, seen({ samples: samples([500, 1500]) })).reasons.join()).toMatch(
      /over the bound of 688 ms/,
    );
  });

  test('that two hosts come to hold is a split brain, with their names', () => {
    const events = [...seen().events, { at: 500, host: 'keep_136', address, held: true }];
    expect(judgeBeside(address, untouched, seen({ events })).reasons).toEqual([
      `${address}: keep_136 and keep_137 both held it for 1.5 s: split brain`,
    ]);
  });
});
