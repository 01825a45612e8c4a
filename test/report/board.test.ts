import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HaupError } from '../../src/model/errors.ts';
import type { RunEvent } from '../../src/model/events.ts';
import type { Plan } from '../../src/model/plan.ts';
import { type Board, boardAfter, newBoard } from '../../src/report/board.ts';
import { boardView, finalLines, logLines } from '../../src/report/board-text.ts';
import { widthOf } from '../../src/report/columns.ts';
import { plainStyle } from '../../src/report/style.ts';
import { build, change, configureFailed, freshPlan } from './samples.ts';

const nginx = change('build:nginx', 'Build nginx 1.22.1 in /usr/local/nginx', 'nginx is not installed', [
  build,
]);

/** Plays events one second apart; what was logged, and the board at the end. */
function play(
  events: readonly RunEvent[],
  hosts: readonly string[],
  plan?: Plan,
): { board: Board; log: readonly string[] } {
  let board = newBoard(hosts, plan, 0);
  const log: string[] = [];
  events.forEach((event, index) => {
    log.push(...logLines(event, board, plainStyle, 77));
    board = boardAfter(board, event, (index + 1) * 1000);
  });
  return { board, log };
}

const pair = ['keep_136', 'keep_137'];
const view = (board: Board, nowMs: number, width = 60, height = 24) =>
  boardView(board, nowMs, plainStyle, width, height);

describe('board', () => {
  test('connecting', () => {
    const { board } = play(
      [
        { type: 'connecting', host: 'keep_136' },
        { type: 'connected', host: 'keep_137' },
      ],
      pair,
    );
    expect(view(board, 3500)).toEqual({
      title: 'connecting to 2 hosts',
      time: '3 s',
      lines: [`  keep_136  connecting${' '.repeat(35)}2 s`, '  keep_137  connected'],
    });
  });

  test('changes with their steps and times, counted against the plan', () => {
    const { board, log } = play(
      [
        { type: 'changing', host: 'keep_136', change: nginx },
        { type: 'step', host: 'keep_136', change: nginx, note: 'make' },
        { type: 'changing', host: 'keep_137', change: nginx },
        { type: 'changed', host: 'keep_137', change: nginx, ms: 1000 },
      ],
      pair,
      freshPlan,
    );
    expect(log).toEqual([`✓ keep_137  Build nginx 1.22.1 in /usr/local/nginx${' '.repeat(22)}1.0 s`]);
    expect(view(board, 42_000)).toEqual({
      title: '1 of 10 changes done on 2 hosts',
      time: '42 s',
      lines: [`  keep_136  0/5  Build nginx 1.22.1 in /usr/loc…: make  41 s`, '  keep_137  1/5  waiting'],
    });
  });

  test('between two changes nothing flashes', () => {
    const { board } = play(
      [
        { type: 'changing', host: 'keep_136', change: nginx },
        { type: 'changed', host: 'keep_136', change: nginx, ms: 9 },
      ],
      pair,
      freshPlan,
    );
    expect(view(board, 2100).lines[0]).toContain('Build nginx');
    expect(view(board, 2600).lines[0]).toContain('waiting');
  });

  test('a failure stays on the board, and in the summary', () => {
    const events: RunEvent[] = [
      { type: 'changing', host: 'keep_137', change: nginx },
      { type: 'failed', error: configureFailed },
      { type: 'changing', host: 'keep_136', change: nginx },
    ];
    const { board, log } = play(events, pair, freshPlan);
    expect(log).toEqual(['✗ keep_137  failed: ./configure of nginx 1.20.1 failed with code 1']);
    expect(view(board, 3000).lines[1]).toBe('  keep_137  0/5  ✗ failed: CONFIGURE_FAILED');
    expect(finalLines(board, plainStyle, 77)).toEqual([
      '',
      `! keep_136  stopped after 0 of 5 changes, in the midst of: Build ngin…  0.0 s`,
      `✗ keep_137  failed after 0 of 5 changes${' '.repeat(33)}1.0 s`,
    ]);
  });

  test('a host that failed is not a success because it was put back afterwards', () => {
    const { board } = play(
      [
        { type: 'changing', host: 'keep_137', change: nginx },
        { type: 'failed', error: configureFailed },
        { type: 'changing', host: 'keep_137', change: nginx },
        { type: 'changed', host: 'keep_137', change: nginx, ms: 10 },
      ],
      ['keep_137'],
    );
    expect(view(board, 4000).lines).toEqual(['  keep_137  ✗ failed: CONFIGURE_FAILED']);
    expect(finalLines(board, plainStyle, 77)[1]).toMatch(/^✗ keep_137 {2}failed after 1 change /);
  });

  test('what is said is the title until something else is said', () => {
    const { board, log } = play(
      [
        { type: 'said', text: 'one' },
        { type: 'said', text: 'two' },
      ],
      pair,
    );
    expect(log).toEqual(['· one']);
    expect(view(board, 5000)).toEqual({ title: 'two', time: '3 s', lines: [] });
    expect(finalLines(board, plainStyle, 77)).toEqual(['· two']);
  });

  test('once hosts are changed, what is said goes above', () => {
    const { log } = play(
      [
        { type: 'said', text: 'one' },
        { type: 'changing', host: 'keep_136', change: nginx },
        { type: 'said', text: 'two' },
      ],
      pair,
    );
    expect(log).toEqual(['· one', '· two']);
  });

  test('more hosts than lines: those at work are shown, the others counted', () => {
    const hosts = Array.from({ length: 40 }, (_, index) => `web_${index}`);
    const { board } = play(
      [
        { type: 'changing', host: 'web_39', change: nginx },
        { type: 'connecting', host: 'web_20' },
      ],
      hosts,
    );
    const { lines } = view(board, 5000, 60, 10);
    expect(lines).toHaveLength(6);
    expect(lines.slice(-3).map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
      'web_20',
      'web_39',
      'and 35 more hosts: 35 waiting',
    ]);
  });

  test('never wider or higher than the terminal, and never a control character', () => {
    const name = fc.oneof(
      fc.constantFrom('a', 'keep_136', 'a-host-with-a-very-long-name', '\x1b[2Jx', '主机'),
      fc.string({ maxLength: 30 }),
    );
    const event = fc
      .tuple(fc.nat(4), name, fc.string({ unit: 'binary', maxLength: 60 }))
      .map(([kind, host, text]): RunEvent => {
        const one = change('id', text, text, []);
        if (kind === 0) return { type: 'changing', host, change: one };
        if (kind === 1) return { type: 'step', host, change: one, note: text };
        if (kind === 2) return { type: 'changed', host, change: one, ms: 100_000 };
        if (kind === 3) return { type: 'failed', host, error: new HaupError('MAKE_FAILED', text) };
        return { type: 'said', text };
      });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 30 }),
        fc.integer({ min: 37, max: 100 }),
        fc.integer({ min: 5, max: 50 }),
        (events, width, height) => {
          let board = newBoard(['keep_136'], undefined, 0);
          const all: string[] = [];
          for (const each of events) {
            all.push(...logLines(each, board, plainStyle, width));
            board = boardAfter(board, each, 1000);
          }
          const { title, time, lines } = view(board, 90_000, width, height);
          expect(widthOf(title) + widthOf(time) + 3).toBeLessThanOrEqual(width);
          expect(lines.length).toBeLessThan(height);
          all.push(title, ...lines);
          all.push(...finalLines(board, plainStyle, width));
          for (const line of all) {
            if (widthOf(line) > width) expect(line).toBe(`at most ${width} columns`);
          }
          expect(all.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        },
      ),
      { numRuns: 150 },
    );
  });
});
