import { expect, test } from 'vitest';
import { startErrors } from '../../src/measure/start-errors.ts';

test('how long after its moment each request was sent', () => {
  const sent = Array.from({ length: 100 }, (_, slot) => 1000 + 5 * slot + (slot === 42 ? 3 : 0.25));
  expect(startErrors(sent, 1000, 5)).toEqual({ median: 0.25, p99: 0.25, worst: 3 });
});

test('a moment that was missed counts until the next request', () => {
  // Due at 5, 10, 15 and 20, sent at 0 and 21.
  expect(startErrors([0, 21], 0, 5)).toEqual({ median: 6, p99: 16, worst: 16 });
});

test('what was due before the first request, or after the last, does not count', () => {
  expect(startErrors([500.5, 505], 0, 5)).toEqual({ median: 0, p99: 0.5, worst: 0.5 });
  expect(startErrors([], 0, 5)).toEqual({ median: 0, p99: 0, worst: 0 });
});

test('two requests for one moment, and a reading just before one, are no errors', () => {
  expect(startErrors([0, 0.1, 4.999_999_9, 10], 0, 5)).toEqual({ median: 0, p99: 0, worst: 0 });
});
