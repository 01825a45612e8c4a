/** Outputs that are written without Node's streams. */

import { spawnSync } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchDirectory } from '../scratch.ts';

const root = join(import.meta.dirname, '../..');
const haup = [join(root, 'dist/bin.js'), 'render', join(root, 'inventory.example.yaml')];
const env = { ...process.env, HAUP_OVERLAY: '', NODE_DISABLE_COMPILE_CACHE: '1' };

test('a file, a socket and a pipe get the same', () => {
  const file = join(scratchDirectory(), 'out');
  spawnSync(process.execPath, haup, { env, stdio: ['ignore', openSync(file, 'w'), 'inherit'] });
  const socket = spawnSync(process.execPath, haup, { env, encoding: 'utf8' });
  const pipe = spawnSync('sh', ['-c', '"$@" | cat', 'sh', process.execPath, ...haup], {
    env,
    encoding: 'utf8',
  });
  expect(socket.stdout.length).toBeGreaterThan(10_000);
  expect(readFileSync(file, 'utf8')).toBe(socket.stdout);
  expect(pipe.stdout).toBe(socket.stdout);
});

test('a reader that has gone ends it as it ends any command', () => {
  const { stderr } = spawnSync(
    'bash',
    ['-c', '"$@" | true; echo "${PIPESTATUS[0]}" >&2', 'bash', process.execPath, ...haup],
    {
      env,
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('141\n');
});
