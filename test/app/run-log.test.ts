import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { Context } from '../../src/app/command-context.ts';
import { openLogs } from '../../src/app/run-log.ts';
import { scratchDirectory } from '../scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchDirectory();
});
const context = (): Context =>
  ({ env: { XDG_STATE_HOME: root }, home: root, now: () => 0, pid: 7 }) as unknown as Context;

test('a log is for its owner alone, and a terminal that shows it obeys no host', () => {
  const logs = openLogs(context(), 'apply');
  logs.write('keep_136', 'cc \x1b]0;owned\x07-c \x1b[2Jx.c\u202e');
  logs.write('keep_136', 'done');
  const [path = ''] = logs.paths();
  logs.close();
  expect(readFileSync(path, 'utf8')).toBe('cc -c x.c\\u{202e}\ndone\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(root, 'haup')).mode & 0o777).toBe(0o700);
});

test('it never goes through a link that lies there', () => {
  mkdirSync(join(root, 'haup'));
  writeFileSync(join(root, 'theirs'), 'theirs');
  symlinkSync('../theirs', join(root, 'haup/1970-01-01T00-00-00-000Z-7-apply-keep_136.log'));
  const logs = openLogs(context(), 'apply');
  expect(() => logs.write('keep_136', 'ours')).toThrow(/EEXIST/);
  expect(readFileSync(join(root, 'theirs'), 'utf8')).toBe('theirs');
  expect(readdirSync(join(root, 'haup'))).toHaveLength(1);
});
