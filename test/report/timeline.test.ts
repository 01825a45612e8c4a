import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { axis, cellOf, coverage, markers } from '../../src/report/timeline.ts';

const tenSeconds = { fromMs: 0, toMs: 10_000, cells: 100 };

describe('timeline', () => {
  test('coverage is the share of each cell', () => {
    expect(coverage([{ fromMs: 150, toMs: 300 }], { fromMs: 0, toMs: 400, cells: 4 })).toEqual([
      0, 0.5, 1, 0,
    ]);
    expect(
      coverage(
        [
          { fromMs: 0, toMs: 60 },
          { fromMs: 20, toMs: 100 },
        ],
        { fromMs: 0, toMs: 100, cells: 1 },
      ),
    ).toEqual([1]);
  });

  test('cells cover the whole time that the spans do', () => {
    const span = fc.tuple(fc.integer({ min: -2000, max: 9000 }), fc.integer({ min: 0, max: 3000 }));
    fc.assert(
      fc.property(span, fc.integer({ min: 5, max: 90 }), ([fromMs, length], cells) => {
        const scale = { fromMs: -3000, toMs: 13_000, cells };
        const sum = coverage([{ fromMs, toMs: fromMs + length }], scale).reduce(
          (all, share) => all + share,
          0,
        );
        expect((sum * 16_000) / cells).toBeCloseTo(length, 3);
      }),
    );
  });

  test('a moment out of view is put at the edge', () => {
    expect([-5, 0, 9999, 10_000, 20_000].map((ms) => cellOf(ms, tenSeconds))).toEqual([0, 0, 99, 99, 99]);
  });

  test('labels stand at their times, 0 among them', () => {
    const line = axis({ fromMs: -1000, toMs: 9000, cells: 100 });
    expect(line.indexOf('0')).toBe(10);
    expect(line.indexOf('1 s', 11)).toBe(20);
    expect(axis({ fromMs: 0, toMs: 400, cells: 40 })).toBe('0         0.1 s     0.2 s     0.3 s');
  });

  test('labels never touch, whatever the scale', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 3_600_000 }),
        fc.integer({ min: 10, max: 120 }),
        (toMs, cells) => {
          const line = axis({ fromMs: -toMs / 8, toMs, cells });
          expect(line.length).toBeLessThanOrEqual(cells);
          expect(line.trim()).toMatch(/^(-?[\d.]+ s|0)(  +(-?[\d.]+ s|0))*$/);
        },
      ),
    );
  });

  test('marks share a line where they have room, and stay in view', () => {
    const marks = [
      { ms: 2000, text: 'stopped' },
      { ms: 9500, text: 'started again' },
    ];
    expect(markers(marks, tenSeconds)).toEqual([
      `${' '.repeat(20)}▲ stopped${' '.repeat(52)}started again ▲`,
    ]);
    expect(markers(marks, { ...tenSeconds, cells: 24 })).toEqual([
      '    ▲ stopped',
      '        started again ▲',
    ]);
    for (const line of markers(marks, { ...tenSeconds, cells: 8 })) expect(line.length).toBeLessThan(16);
  });
});
