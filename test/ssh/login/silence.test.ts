import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askEveryMs, watchSilence } from '../../../src/ssh/login/silence.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

test('a host is lost after a time without a byte, and not before, however it spreads them', () => {
  const socket = new PassThrough();
  const lost = vi.fn();
  watchSilence(socket, 10_000, lost);
  for (const pause of [1, 7_400, 2_500, 7_400, 4_999, 7_499]) {
    vi.advanceTimersByTime(pause);
    socket.emit('data', Buffer.from('x'));
  }
  expect(lost).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10_000);
  expect(lost).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(60_000);
  expect(lost).toHaveBeenCalledTimes(1);
});

test('a pause of this machine counts as one beat, whatever its length', () => {
  const beats: (() => void)[] = [];
  vi.spyOn(globalThis, 'setInterval').mockImplementation(((beat: () => void) => beats.push(beat)) as never);
  const lost = vi.fn();
  watchSilence(new PassThrough(), 10_000, lost);
  // A minute long: Node runs the timer once.
  beats[0]?.();
  expect(lost).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

test('it ends with the connection', () => {
  const lost = vi.fn();
  watchSilence(new PassThrough(), 1_000, lost)();
  vi.advanceTimersByTime(60_000);
  expect(lost).not.toHaveBeenCalled();
  expect(askEveryMs(10_000)).toBe(2_500);
});
