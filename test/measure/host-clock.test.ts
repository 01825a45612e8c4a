import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostClock } from '../../src/measure/host-clock.ts';

test('the true difference lies within the error, whatever the ways take', () => {
  const way = fc.double({ min: 0, max: 200, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.array(fc.tuple(way, way), { minLength: 1 }),
      (ahead, trips) => {
        const clock = hostClock();
        trips.forEach(([out, back], index) => {
          const asked = index * 1000;
          clock.asked(asked, asked + out + ahead);
          clock.heard(asked + out + ahead, asked + out + back);
        });
        const wrong = Math.abs(clock.toLocal(5000 + ahead) - 5000);
        expect(wrong).toBeLessThanOrEqual(clock.errorMs() + 1e-3);
        expect(wrong).toBeLessThanOrEqual(Math.min(...trips.map(([, back]) => back)) + 1e-3);
        expect(clock.errorMs()).toBeLessThanOrEqual(
          Math.min(...trips.map(([out, back]) => out + back)) + 1e-3,
        );
      },
    ),
  );
});

test('a clock that was set in between is an error of that size, not a silent nonsense', () => {
  const clock = hostClock();
  clock.asked(0, 1001);
  clock.heard(1001, 2);
  clock.heard(6001, 1002);
  expect(clock.errorMs()).toBeGreaterThan(3000);
});

test('a clock that is set back is found by the monotonic one, and a slow line is not taken for it', () => {
  const clock = hostClock();
  clock.asked(0, 1001);
  clock.heard(1001, 2);
  clock.ticked(1001, { fromMs: 500, toMs: 500 });
  // Three seconds late on the way.
  clock.heard(2001, 4002);
  clock.ticked(2001, { fromMs: 1490, toMs: 1500 });
  expect(clock.errorMs()).toBeLessThan(50);
  clock.ticked(1001, { fromMs: 5500, toMs: 5500 });
  expect(clock.errorMs()).toBeGreaterThan(4900);
});
