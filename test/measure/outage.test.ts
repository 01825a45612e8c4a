import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outage, type Sample } from '../../src/measure/outage.ts';

const ok = (sentAt: number, host = 'a', took = 1): Sample => ({
  sentAt,
  answeredAt: sentAt + took,
  status: 200,
  host,
  retried: false,
  error: null,
});
const lost = (sentAt: number, error = 'timeout'): Sample => ({
  sentAt,
  answeredAt: null,
  status: null,
  host: null,
  retried: false,
  error,
});
/** Cut on the first connection, answered on the second. */
const cut = (sentAt: number): Sample => ({ ...ok(sentAt, 'b', 2), retried: true, error: 'ECONNRESET' });
const every5 = (from: number, to: number, make: (at: number) => Sample): Sample[] =>
  Array.from({ length: (to - from) / 5 }, (_, n) => make(from + n * 5));

describe('outage', () => {
  test('nothing lost: the gap is the interval', () => {
    const calm = outage(
      every5(0, 1000, (at) => ok(at)),
      5,
    );
    expect(calm).toMatchObject({
      longestGapMs: 5,
      lost: 0,
      total: 200,
      unanswered: [],
      stalledMs: 0,
      slowestMs: 1,
      everyMs: 5,
    });
    expect(calm.answeredBy).toEqual([{ host: 'a', fromMs: 1, toMs: 996 }]);
  });

  test('requests lost from 500 to 1200: the gap spans them and the intervals around', () => {
    const samples = [
      ...every5(0, 500, (at) => ok(at)),
      ...every5(500, 1200, (at) => lost(at)),
      ...every5(1200, 2000, (at) => ok(at, 'b')),
    ];
    expect(outage(samples, 5)).toMatchObject({
      longestGapMs: 705,
      lost: 140,
      total: 400,
      unanswered: [{ fromMs: 500, toMs: 1200 }],
      answeredBy: [
        { host: 'a', fromMs: 1, toMs: 496 },
        { host: 'b', fromMs: 1201, toMs: 1996 },
      ],
    });
  });

  test('a request that was sent in the outage and answered after it does not shorten the gap', () => {
    const samples = [
      ...every5(0, 500, (at) => ok(at)),
      ...every5(500, 800, (at) => lost(at)),
      ok(800, 'b', 401),
      ...every5(805, 1200, (at) => lost(at)),
      ...every5(1200, 1500, (at) => ok(at, 'b')),
    ];
    expect(outage(samples, 5).longestGapMs).toBe(705);
  });

  test('an answer that is an error is no answer', () => {
    const samples = [ok(0), { ...ok(5), status: 503 }, ok(10)];
    expect(outage(samples, 5)).toMatchObject({ lost: 1, total: 3, longestGapMs: 10 });
  });

  test('what only a second connection answered is lost, but was no outage', () => {
    const samples = [ok(0), ok(5), cut(10), cut(15), ok(20, 'b'), ok(25, 'b')];
    expect(outage(samples, 5)).toMatchObject({
      lost: 2,
      retried: 2,
      total: 6,
      lostWithinMs: 5,
      longestGapMs: 6,
      unanswered: [{ fromMs: 10, toMs: 20 }],
    });
  });

  test('an error on the second connection is no answer either', () => {
    const samples = [ok(0), { ...cut(5), status: 503 }, ok(10)];
    expect(outage(samples, 5)).toMatchObject({ lost: 1, retried: 0 });
  });

  test('an outage that is still going on counts to the last request', () => {
    const samples = [...every5(0, 100, (at) => ok(at)), ...every5(100, 1000, (at) => lost(at))];
    expect(outage(samples, 5).longestGapMs).toBe(995 - 96);
  });

  test('no answer at all: all the time is gap', () => {
    expect(
      outage(
        every5(0, 100, (at) => lost(at)),
        5,
      ),
    ).toMatchObject({ longestGapMs: 95, lost: 20 });
    expect(outage([], 5)).toMatchObject({ longestGapMs: 0, lost: 0, total: 0 });
  });

  describe('when this machine stalls', () => {
    test('a stall between two answers is no outage, and is reported', () => {
      const samples = [...every5(0, 100, (at) => ok(at)), ...every5(400, 500, (at) => ok(at))];
      expect(outage(samples, 5)).toMatchObject({ longestGapMs: 5, lost: 0, stalledMs: 300 });
    });

    test('a stall at the edge of an outage is not added to it', () => {
      const samples = [
        ...every5(0, 100, (at) => ok(at)),
        ...every5(100, 200, (at) => lost(at)),
        ...every5(500, 600, (at) => ok(at)),
      ];
      expect(outage(samples, 5).longestGapMs).toBe(105);
    });

    test('a stall in the middle of an outage is part of it', () => {
      const samples = [
        ...every5(0, 100, (at) => ok(at)),
        ...every5(100, 200, (at) => lost(at)),
        ...every5(500, 600, (at) => lost(at)),
        ...every5(600, 700, (at) => ok(at)),
      ];
      expect(outage(samples, 5).longestGapMs).toBe(505);
    });

    test('so is one among requests that were answered only when the outage was over', () => {
      const late = (at: number): Sample => ok(at, 'b', 601 - at);
      const samples = [
        ...every5(0, 100, (at) => ok(at)),
        ...every5(100, 200, late),
        ...every5(500, 600, late),
        ...every5(600, 700, (at) => ok(at, 'b')),
      ];
      expect(outage(samples, 5)).toMatchObject({ longestGapMs: 505, lost: 0 });
    });

    test('an answer that lay unread in a stall is not taken for a late one', () => {
      const samples = [...every5(0, 100, (at) => ok(at)), ok(100, 'a', 300), ok(400, 'a', 300), ok(700)];
      expect(outage(samples, 5).longestGapMs).toBeLessThan(10);
    });
  });
});

const anySample = fc.record({
  step: fc.integer({ min: 1, max: 40 }),
  took: fc.option(fc.integer({ min: 0, max: 300 })),
  host: fc.constantFrom('a', 'b'),
});
const series = fc.array(anySample, { minLength: 1, maxLength: 80 }).map((steps) => {
  let at = 0;
  return steps.map(({ step, took, host }): Sample => {
    at += step;
    return took === null ? lost(at) : ok(at, host, took);
  });
});

describe('of any series', () => {
  test('lost and answered add up, and every lost request lies in an unanswered span', () => {
    fc.assert(
      fc.property(series, (samples) => {
        const result = outage(samples, 5);
        const missing = samples.filter((one) => one.answeredAt === null);
        expect(result.lost).toBe(missing.length);
        expect(result.total).toBe(samples.length);
        for (const { sentAt } of missing) {
          expect(
            result.unanswered.filter((span) => span.fromMs <= sentAt && sentAt < span.toMs),
          ).not.toHaveLength(0);
        }
      }),
    );
  });

  test('the gap is at least as long as any run of lost requests, and never longer than the whole', () => {
    fc.assert(
      fc.property(series, (samples) => {
        const result = outage(samples, 5);
        const sent = samples.map((one) => one.sentAt);
        const ends = samples.map((one) => one.answeredAt ?? one.sentAt);
        expect(result.longestGapMs).toBeGreaterThanOrEqual(0);
        expect(result.longestGapMs).toBeLessThanOrEqual(Math.max(...ends, ...sent) - Math.min(...sent));
        const answers = samples.flatMap((one) => one.answeredAt ?? []);
        for (const span of result.unanswered) {
          const dark = answers.every((at) => at <= span.fromMs || at >= span.toMs - 5);
          if (dark) expect(result.longestGapMs).toBeGreaterThanOrEqual(span.toMs - 5 - span.fromMs);
        }
      }),
    );
  });

  test('the order in which samples are given makes no difference', () => {
    fc.assert(
      fc.property(series, (samples) => {
        expect(outage(samples.toReversed(), 5)).toEqual(outage(samples, 5));
      }),
    );
  });

  test('losing one more request never makes the gap shorter where nothing stalled', () => {
    const steady = fc
      .array(fc.option(fc.constant(1)), { minLength: 2, maxLength: 60 })
      .map((all) => all.map((took, n) => (took === null ? lost(n * 5) : ok(n * 5))));
    fc.assert(
      fc.property(steady, fc.nat(), (samples, pick) => {
        const worse = samples.with(pick % samples.length, lost((pick % samples.length) * 5));
        // An answer may outlast the last request by its own time, which a lost one does not have.
        expect(outage(worse, 5).longestGapMs).toBeGreaterThanOrEqual(outage(samples, 5).longestGapMs - 1);
      }),
    );
  });
});
