import { expect, test } from 'vitest';
import { requestLog } from '../../src/drill/request-log.ts';
import type { Sample } from '../../src/measure/outage.ts';

const answered = (sentAt: number, host: string | null, changes: Partial<Sample> = {}): Sample => ({
  sentAt,
  answeredAt: sentAt + 1.26,
  status: 200,
  host,
  retried: false,
  error: null,
  ...changes,
});

test('requests become columns, in the order of sending, from the moment of the fault', () => {
  const samples = [
    answered(110, 'b', { retried: true, error: 'ECONNRESET' }),
    answered(90, 'a'),
    answered(100, null, { answeredAt: null, status: null, error: 'timeout' }),
    answered(105, 'a', { status: 502 }),
    answered(115, null, { status: null }),
  ];
  expect(requestLog(samples, 100)).toEqual({
    hosts: ['a', 'b'],
    sentMs: [-10, 0, 5, 10, 15],
    tookMs: [1.3, null, null, 1.3, 1.3],
    by: [0, -1, -1, 1, -1],
    lost: [1, 2, 3],
  });
});
