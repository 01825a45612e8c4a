import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { standBack } from '../../src/ssh/stand-back.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

// A daemon that notes what it reads when it is told to, and a systemctl that knows its process.
let directory = '';
let entry = '';
let daemon: ChildProcess;
beforeEach(async () => {
  directory = scratchDirectory();
  entry = join(directory, 'keepalived.conf');
  writeFileSync(entry, 'priority 150\n', { mode: 0o640 });
  const reads = `trap 'cat ${entry} > ${directory}/read' HUP; touch ${directory}/ready; while :; do sleep 0.05; done`;
  daemon = spawn('/bin/sh', ['-c', reads], { stdio: 'ignore' });
  putProgram(join(directory, 'systemctl'), `echo MainPID=${daemon.pid}`);
  while (!existsSync(join(directory, 'ready'))) await sleep(20);
});
afterEach(() => {
  daemon.kill('SIGKILL');
});

const bytes = Buffer.from('priority 1\n');
function start(): { readonly child: ChildProcess; readonly ended: Promise<number | null> } {
  const { script } = standBack({ do: 'stand-back', unit: 'x.service', entry, bytes, secret: true });
  const env = { ...process.env, PATH: `${directory}:${process.env['PATH']}` };
  const child = spawn('/bin/sh', ['-c', script], { env, stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin?.end(bytes);
  return { child, ended: new Promise((resolve) => child.on('close', resolve)) };
}
const text = (name: string): string => readFileSync(join(directory, name), 'utf8');

test('a keepalived reads the lowest priority, and its file is the very one that it was', async () => {
  const before = statSync(entry);
  expect(await start().ended).toBe(0);
  expect(text('read')).toBe('priority 1\n');
  expect(text('keepalived.conf')).toBe('priority 150\n');
  const { ino, mode, mtimeMs } = statSync(entry);
  expect([ino, mode, mtimeMs]).toEqual([before.ino, before.mode, before.mtimeMs]);
  expect(existsSync(`${entry}.haup-own`) || existsSync(`${entry}.haup-new`)).toBe(false);
});

test.each(['SIGHUP', 'SIGTERM'] as const)(
  'also when it is told to end by %s in the middle',
  async (signal) => {
    const { child, ended } = start();
    while (!existsSync(join(directory, 'read'))) await sleep(20);
    child.kill(signal);
    await ended;
    expect(text('keepalived.conf')).toBe('priority 150\n');
  },
);
