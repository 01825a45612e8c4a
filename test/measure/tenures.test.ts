import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressEvent, heldSpans, heldTimes, tenures } from '../../src/measure/tenures.ts';

const event = (at: number, host: string, held: boolean): AddressEvent => ({
  at,
  host,
  address: '192.168.160.161',
  held,
});
const window = { fromMs: 0, toMs: 1000 };

describe('tenures', () => {
  test('a stop: nobody has the VIP for the skew', () => {
    const list = tenures(['a'], [event(100, 'a', false), event(788, 'b', true)], window);
    expect(list).toEqual([
      { holders: ['a'], fromMs: 0, toMs: 100 },
      { holders: [], fromMs: 100, toMs: 788 },
      { holders: ['b'], fromMs: 788, toMs: 1000 },
    ]);
    expect(heldTimes(list)).toEqual({ bothHeldMs: 0, noneHeldMs: 688 });
    expect(heldSpans(list)).toEqual([
      { host: 'a', fromMs: 0, toMs: 100 },
      { host: 'b', fromMs: 788, toMs: 1000 },
    ]);
  });

  test('make before break: both have it for a moment', () => {
    const list = tenures(['a'], [event(503, 'a', false), event(500, 'b', true)], window);
    expect(heldTimes(list)).toEqual({ bothHeldMs: 3, noneHeldMs: 0 });
    expect(heldSpans(list)).toEqual([
      { host: 'a', fromMs: 0, toMs: 503 },
      { host: 'b', fromMs: 500, toMs: 1000 },
    ]);
  });

  test('a host that loses and regains it has two spans', () => {
    const list = tenures(['a'], [event(100, 'a', false), event(200, 'a', true)], window);
    expect(heldSpans(list)).toEqual([
      { host: 'a', fromMs: 0, toMs: 100 },
      { host: 'a', fromMs: 200, toMs: 1000 },
    ]);
  });

  test('what happened before the window decides who had it at its start', () => {
    expect(tenures([], [event(-10, 'b', true), event(2000, 'b', false)], window)).toEqual([
      { holders: ['b'], fromMs: 0, toMs: 1000 },
    ]);
  });
});

const events = fc
  .array(
    fc.record({
      at: fc.integer({ min: -100, max: 1100 }),
      host: fc.constantFrom('a', 'b', 'c'),
      held: fc.boolean(),
    }),
    { maxLength: 30 },
  )
  .map((all) => all.map(({ at, host, held }) => event(at, host, held)));
const before = fc.subarray(['a', 'b', 'c']);

describe('of any events', () => {
  test('tenures cover the window without holes, and neighbours differ', () => {
    fc.assert(
      fc.property(before, events, (start, list) => {
        const all = tenures(start, list, window);
        expect(all[0]?.fromMs).toBe(0);
        expect(all.at(-1)?.toMs).toBe(1000);
        all.slice(1).forEach((one, index) => {
          expect(one.fromMs).toBe(all[index]?.toMs);
          expect(one.holders).not.toEqual(all[index]?.holders);
        });
      }),
    );
  });

  test('no holder, one and several add up to the window; spans by host add up to the tenures', () => {
    fc.assert(
      fc.property(before, events, (start, list) => {
        const all = tenures(start, list, window);
        const { bothHeldMs, noneHeldMs } = heldTimes(all);
        const one = all.reduce((ms, t) => (t.holders.length === 1 ? ms + t.toMs - t.fromMs : ms), 0);
        expect(bothHeldMs + noneHeldMs + one).toBe(1000);
        const byTenure = all.reduce((ms, t) => ms + t.holders.length * (t.toMs - t.fromMs), 0);
        const byHost = heldSpans(all).reduce((ms, span) => ms + span.toMs - span.fromMs, 0);
        expect(byHost).toBe(byTenure);
      }),
    );
  });

  test('saying again what is known already changes nothing', () => {
    fc.assert(
      fc.property(before, events, (start, list) => {
        expect(
          tenures(
            start,
            list.flatMap((one) => [one, one]),
            window,
          ),
        ).toEqual(tenures(start, list, window));
      }),
    );
  });
});
