import { describe, expect, test } from 'vitest';
import type { HolderMove, StatusChange } from '../../src/model/status-shape.ts';
import { widthOf } from '../../src/report/columns.ts';
import { plainStyle } from '../../src/report/style.ts';
import { colorStyle } from '../../src/report/terminal.ts';
import { watchFrame, watchLine } from '../../src/report/watch-text.ts';
import { ill, well } from './samples.ts';

const atMs = new Date(2026, 10, 29, 15, 4, 5, 67).getTime();
const vip = '192.168.160.161';
const moves: readonly HolderMove[] = [
  { vip, from: 'keep_136', to: 'keep_137', atMs, noneMs: 219, bothMs: 0 },
  { vip, from: 'keep_137', to: 'keep_136', atMs: atMs + 60_000, noneMs: 0, bothMs: 12 },
  { vip, from: 'keep_136', to: 'keep_136', atMs: atMs + 61_000, noneMs: 0, bothMs: 2000 },
];

describe('a frame', () => {
  test.each([
    ['well', { report: well, moves: [], waiting: [] }, 80, 24],
    ['moves', { report: well, moves, waiting: [] }, 80, 24],
    ['ill', { report: ill, moves, waiting: [] }, 80, 40],
    ['short', { report: ill, moves, waiting: [] }, 80, 12],
    ['waiting', { report: { ...well, hosts: [], vips: [] }, moves: [], waiting: ['keep_136'] }, 80, 24],
  ])('%s', async (name, frame, width, rows) => {
    const lines = watchFrame(frame, atMs, plainStyle, width, rows);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`../golden/report/watch-${name}.txt`);
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });

  test('a split brain is red', async () => {
    const lines = watchFrame({ report: ill, moves: [], waiting: [] }, atMs, await colorStyle(1), 80, 40);
    expect(lines.join('\n')).toContain('\x1b[31mkeep_136 and keep_137 at once\x1b[39m');
  });

  test('what a host says cannot reach the terminal', () => {
    const evil = '\x1b]0;title\x07\u202e';
    const hosts = well.hosts.map((host) => ({ ...host, name: `${host.name}${evil}` }));
    const move: HolderMove = { vip, from: evil, to: `b${evil}`, atMs, noneMs: 0, bothMs: 0 };
    const frame = { report: { ...well, hosts }, moves: [move], waiting: [evil] };
    expect(watchFrame(frame, atMs, plainStyle, 80, 40).join('\n')).not.toMatch(/[\x1b\x07\u202e]/);
  });
});

test.each<[StatusChange, string]>([
  [{ type: 'holders', vip, holders: ['a'], before: [] }, `${vip}: held by a`],
  [
    { type: 'holders', vip, holders: ['a', 'b'], before: ['a'] },
    `${vip}: held by a and b at once (split brain)`,
  ],
  [{ type: 'holders', vip, holders: [], before: ['a'] }, `${vip}: no holder seen`],
  [{ type: 'move', ...moves[0] } as StatusChange, `${vip}: keep_136 → keep_137, no holder for 219 ms`],
  [{ type: 'move', ...moves[2] } as StatusChange, `${vip}: back to keep_136, several for 2000 ms`],
  [
    { type: 'host', ...well.hosts[0] } as StatusChange,
    'keep_136: in service, keepalived 2.2.4 active, nginx 1.22.1 active',
  ],
  [{ type: 'host', ...ill.hosts[2] } as StatusChange, 'keep_138: unreachable'],
  [
    { type: 'run', who: 'ana@desk', since: 'now', why: 'haup apply', hosts: ['a', 'b'] },
    'In progress on a and b: haup apply, by ana@desk, since now',
  ],
  [
    { type: 'run-ended', who: 'ana@desk', since: 'now', why: 'haup apply', hosts: ['a'] },
    'Ended on a: haup apply, by ana@desk',
  ],
  [
    {
      type: 'finding',
      finding: { check: 'drained', level: 'warn', host: 'a', message: 'is \x1b[2Jdrained\n' },
    },
    'warn: a: is drained',
  ],
  [
    { type: 'resolved', finding: { check: 'drained', level: 'warn', host: 'a', message: 'is drained' } },
    'no longer: a: is drained',
  ],
])('a line for %j', (change, text) => {
  expect(watchLine(change, Date.UTC(2026, 10, 29))).toBe(`2026-11-29T00:00:00.000Z ${text}`);
});
