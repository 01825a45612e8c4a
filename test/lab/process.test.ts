import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { attach, lock, must, run } from '../../src/lab/process.ts';
import { lineage, startTicks } from '../../src/lab/process-table.ts';
import { waitFor } from '../wait-for.ts';
import { scratchDirectory } from '../scratch.ts';

const scratch = scratchDirectory();
const never = new AbortController().signal;

test('a program runs to its end, with its output and exit status', async () => {
  const ran = await run('sh', ['-c', 'cat; echo wrong >&2; exit 3'], { input: 'in\n' });
  expect(ran).toEqual({ code: 3, stdout: 'in\n', stderr: 'wrong\n' });
  expect(await run('sh', ['-c', 'kill -9 $$'])).toMatchObject({ code: 137 });
  expect(await run('haup-test-no-such-program', [])).toMatchObject({ code: 127 });
});

test('a failure is an error that says what failed, with the last lines', async () => {
  await expect(must('Making it', 'sh', ['-c', 'echo because >&2; exit 1'])).rejects.toMatchObject({
    code: 'LAB_FAILED',
    message: 'Making it: sh exited with status 1.',
    detail: ['because'],
  });
});

test('a limit or an interrupt kills the children too', async () => {
  const mark = join(scratch, 'mark');
  const script = `(sleep 1; echo alive >'${mark}') & wait`;
  await expect(run('sh', ['-c', script], { limitMs: 100 })).rejects.toMatchObject({ code: 'LAB_FAILED' });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('stop')), 100);
  await expect(run('sh', ['-c', script], { signal: controller.signal })).rejects.toThrow('stop');
  await sleep(1200);
  expect(await run('cat', [mark])).toMatchObject({ code: 1 });
});

test('a signal that comes while a program is started is passed on to it', async () => {
  const ours = (): void => {};
  process.on('SIGTERM', ours);
  try {
    process.kill(process.pid, 'SIGTERM');
    expect(await attach('sleep', ['60'], process.env, new AbortController().signal)).toBe(143);
    expect(process.listeners('SIGTERM')).toContain(ours);
  } finally {
    process.off('SIGTERM', ours);
  }
});

test('one process at a time holds a lock, and the next is told to wait', async () => {
  const file = join(scratch, 'lock');
  const order: string[] = [];
  const one = await lock(file, never, () => order.push('one waits'));
  const two = lock(file, never, () => order.push('two waits')).then(
    (held) => (order.push('two has it'), held),
  );
  await waitFor(() => expect(order).toEqual(['two waits']));
  order.push('one lets go');
  await one.release();
  await (await two).release();
  expect(order).toEqual(['two waits', 'one lets go', 'two has it']);
});

test('a lock on a file that its holder removed is a lock on the new one', async () => {
  const file = join(scratch, 'removed');
  const one = await lock(file, never, () => {});
  let waits = false;
  const two = lock(file, never, () => (waits = true));
  await waitFor(() => expect(waits).toBe(true));
  rmSync(file);
  await one.release();
  const held = await two;
  let waited = false;
  const three = lock(file, never, () => (waited = true));
  await waitFor(() => expect(waited).toBe(true));
  await held.release();
  await (await three).release();
});

test('an interrupt ends the wait for a lock', async () => {
  const file = join(scratch, 'interrupted');
  const held = await lock(file, never, () => {});
  const controller = new AbortController();
  const waiting = lock(file, controller.signal, () => controller.abort(new Error('stop')));
  await expect(waiting).rejects.toThrow('stop');
  await held.release();
});

test('a process is identified by its PID and start time', async () => {
  expect(await startTicks(process.pid)).toBeGreaterThan(0);
  expect(await startTicks(2 ** 22 + 1)).toBeNull();
  const line = await lineage(process.pid);
  expect(line.has(process.pid) && line.has(process.ppid)).toBe(true);
});
