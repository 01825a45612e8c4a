import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Reporter } from '../../src/model/events.ts';
import { colorStyle, ttyReporter } from '../../src/report/terminal.ts';
import { build, change, freshPlan } from './samples.ts';
import { Screen } from './screen.ts';
import { hangMs } from '../limits.ts';

const nginx = change('build:nginx', 'Build nginx 1.22.1', 'nginx is not installed', [build]);

async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + hangMs(4_000); !holds(); await sleep(20)) {
    if (performance.now() > end) throw new Error('did not happen');
  }
}

function start(screen: Screen, level: 0 | 1 = 0): Reporter {
  return ttyReporter(screen, { hosts: ['keep_136', 'keep_137'], level, now: () => 0, plan: freshPlan });
}

const escapes = (screen: Screen, pattern: RegExp) => screen.writes.join('').match(pattern)?.length ?? 0;

describe('ttyReporter', () => {
  test('a board below, finished changes above, and nothing of it left at the end', async () => {
    const screen = new Screen(80, 24);
    const reporter = start(screen);
    reporter.emit({ type: 'changing', host: 'keep_136', change: nginx });
    await until(() => screen.text().some((line) => line.includes('0/5  Build nginx')));
    expect(screen.text()[0]).toContain('0 of 10 changes done on 2 hosts');

    reporter.emit({ type: 'changed', host: 'keep_136', change: nginx, ms: 31_200 });
    await until(() => screen.text().some((line) => line.includes('1/5')));
    expect(screen.text()[0]).toBe(`✓ keep_136  Build nginx 1.22.1${' '.repeat(41)}31.2 s`);
    expect(screen.text()).toHaveLength(4);

    reporter.end();
    expect(screen.text()).toEqual([
      `✓ keep_136  Build nginx 1.22.1${' '.repeat(41)}31.2 s`,
      '',
      `! keep_136  stopped after 1 of 5 changes${' '.repeat(32)}0.0 s`,
      '! keep_137  stopped after 0 of 5 changes',
    ]);
    expect(screen.writes.join('').lastIndexOf('\x1b[?25h')).toBeGreaterThan(
      screen.writes.join('').lastIndexOf('\x1b[?25l'),
    );
  });

  test('a run that ends before the libraries are loaded says everything all the same', () => {
    const screen = new Screen(80, 24);
    const reporter = start(screen);
    reporter.emit({ type: 'said', text: 'one' });
    reporter.end();
    reporter.end();
    expect(screen.text()).toEqual(['· one']);
    expect(escapes(screen, /\x1b/g)).toBe(0);
  });

  test('each frame is one write: nothing flickers', async () => {
    const screen = new Screen(80, 24);
    const reporter = start(screen);
    reporter.emit({ type: 'changing', host: 'keep_136', change: nginx });
    await until(() => screen.writes.length > 6);
    reporter.end();
    const frames = screen.writes.filter((write) => write.includes('changes done'));
    expect(frames.length).toBeGreaterThan(2);
    for (const frame of frames) expect(frame).toMatch(/^(\x1b\[\?25l)?\x1b\[\?2026h.*\x1b\[\?2026l$/s);
  });

  test('without colour there are no colours, with it there are', async () => {
    for (const level of [0, 1] as const) {
      const screen = new Screen(80, 24);
      const reporter = start(screen, level);
      await until(() => screen.writes.length > 2);
      reporter.end();
      expect(escapes(screen, /\x1b\[[\d;]+m/g) > 0).toBe(level === 1);
    }
  });

  test('a terminal that becomes narrower keeps no remains of the board', async () => {
    const screen = new Screen(80, 24);
    const reporter = start(screen);
    reporter.emit({ type: 'changing', host: 'keep_136', change: nginx });
    await until(() => screen.text().length === 3);
    screen.resize(30);
    await until(() => screen.text().length === 3);
    expect(screen.text()[0]).toContain('0 of 10 change');
    screen.resize(100);
    await until(() => screen.text()[0]?.includes('on 2 hosts') === true);
    expect(screen.text()).toHaveLength(3);
    reporter.end();
    expect(screen.text()).toHaveLength(3);
  });
});

describe('colorStyle', () => {
  test('one text in, one text out, however it is called', async () => {
    const style = await colorStyle(1);
    for (const paint of Object.values(style))
      expect(['a', 'b'].map(paint).join('')).toMatch(/^(\x1b\[\d+m[ab]\x1b\[\d+m){2}$/);
    expect((await colorStyle(0)).red('a')).toBe('a');
  });
});
