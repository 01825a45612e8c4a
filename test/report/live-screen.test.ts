import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { liveScreen } from '../../src/report/live-screen.ts';
import { Screen } from './screen.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

const said = (screen: Screen): string => screen.writes.join('');

test('a frame is one write, drawn over the last one, and none when nothing differs', () => {
  const screen = new Screen(80, 3);
  let lines = ['one', 'two'];
  const live = liveScreen(screen, () => lines);
  const before = screen.writes.length;
  live.refresh();
  vi.advanceTimersByTime(5000);
  expect(screen.writes).toHaveLength(before);
  lines = ['one', '2'];
  live.refresh();
  expect(screen.writes).toHaveLength(before + 1);
  expect(screen.writes.at(-1)).toBe('\x1b[?2026h\x1b[H\x1b[2Kone\r\n\x1b[2K2\r\n\x1b[2K\x1b[?2026l');
  live.end();
});

test('it is drawn every second, since it may tell the time', () => {
  const screen = new Screen(80, 24);
  let second = 0;
  const live = liveScreen(screen, () => [`${(second += 1)}`]);
  vi.advanceTimersByTime(1000);
  expect(screen.writes.at(-1)).toContain('\x1b[2K2\r\n');
  live.end();
});

test('a terminal of another size gets a frame of that size, and no line beyond its last', () => {
  const screen = new Screen(80, 24);
  const sizes: string[] = [];
  const live = liveScreen(screen, (columns, rows) => {
    sizes.push(`${columns}x${rows}`);
    return Array.from({ length: 30 }, (_, line) => `line ${line}`);
  });
  screen.rows = 10;
  screen.resize(100);
  expect(sizes).toEqual(['80x24', '100x10']);
  expect(screen.writes.at(-1)).toContain('line 9\x1b[?2026l');
  live.end();
});

test('its end leaves the terminal as it was, once, and nothing is drawn after it', () => {
  const screen = new Screen(80, 24);
  const live = liveScreen(screen, () => [`${Math.random()}`]);
  live.end();
  live.end();
  live.refresh();
  vi.advanceTimersByTime(5000);
  screen.resize(40);
  for (const [on, off] of [
    ['\x1b[?1049h', '\x1b[?1049l'],
    ['\x1b[?25l', '\x1b[?25h'],
    ['\x1b[?7l', '\x1b[?7h'],
  ] as const) {
    expect(said(screen).split(on)).toHaveLength(2);
    expect(said(screen).split(off)).toHaveLength(2);
  }
  expect(said(screen).endsWith('\x1b[?1049l')).toBe(true);
});
