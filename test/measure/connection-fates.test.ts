import { expect, test } from 'vitest';
import { type ConnectionFate, connectionFigures } from '../../src/measure/connection-fates.ts';

const fate = (
  kind: ConnectionFate['kind'],
  openedMs: number,
  endedMs: number,
  end: ConnectionFate['end'],
): ConnectionFate => ({ kind, openedMs, endedMs, end });

test('each kind apart, with when the first and the last client knew', () => {
  const figures = connectionFigures(
    [
      fate('idle', 900, 3000, 'kept'),
      fate('busy', 900, 1652.04, 'cut'),
      fate('busy', 950, 1870, 'cut'),
      fate('busy', 950, 3900, 'unanswered'),
      fate('busy', 950, 1200, 'closed'),
    ],
    1000,
  );
  expect(figures).toEqual([
    { kind: 'busy', open: 4, kept: 0, closed: 1, cut: 2, unanswered: 1, cutMs: { fromMs: 652, toMs: 870 } },
    { kind: 'idle', open: 1, kept: 1, closed: 0, cut: 0, unanswered: 0, cutMs: null },
  ]);
});

test('what was opened after the fault, or had ended before it, does not count', () => {
  const figures = connectionFigures(
    [fate('busy', 1001, 3000, 'kept'), fate('idle', 100, 999, 'closed'), fate('underway', 1, 3000, 'cut')],
    1000,
  );
  expect(figures).toMatchObject([{ kind: 'underway', open: 1, cut: 1 }]);
});
