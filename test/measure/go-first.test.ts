import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { goFirst, type Scheduler, thisMachine } from '../../src/measure/go-first.ts';

function scheduler(changes: Partial<Scheduler> = {}): { readonly asked: string[]; readonly of: Scheduler } {
  const asked: string[] = [];
  const of: Scheduler = {
    platform: 'linux',
    highest: () => void asked.push('highest'),
    deadline: (runUs, periodUs) => void asked.push(`${runUs} of ${periodUs} µs`),
    ...changes,
  };
  return { asked, of };
}
const refuse = (): never => {
  throw Object.assign(new Error('uv_os_setpriority returned EACCES'), { code: 'ERR_SYSTEM_ERROR' });
};

test('a thread goes first, and leaves a part of the processor to what it asks', () => {
  const { asked, of } = scheduler();
  expect(goFirst('send', of)).toBe(true);
  expect(goFirst('wait', of)).toBe(true);
  expect(asked).toEqual(['highest', '3500 of 5000 µs', 'highest', '500 of 5000 µs']);
});

test('a refusal is no error', () => {
  const { asked, of } = scheduler({ highest: refuse });
  expect(goFirst('send', of)).toBe(false);
  expect(asked).toEqual([]);
  expect(goFirst('send', scheduler({ deadline: refuse }).of)).toBe(true);
});

test('where a priority is the whole program’s, it is left alone', () => {
  const { asked, of } = scheduler({ platform: 'darwin' });
  expect(goFirst('send', of)).toBe(false);
  expect(asked).toEqual([]);
});

// As root, which the tests on real hosts need anyway.
const asRoot = process.getuid?.() === 0 && process.platform === 'linux';

test.runIf(asRoot)('a priority of a thread is its own, and its threads inherit it', async () => {
  const inner = `const { parentPort } = require('node:worker_threads');
parentPort.postMessage(require('node:os').getPriority());`;
  const outer = `const { parentPort, Worker } = require('node:worker_threads');
const { setPriority, getPriority } = require('node:os');
setPriority(0, -20);
new Worker(${JSON.stringify(inner)}, { eval: true }).once('message', (below) =>
  parentPort.postMessage([getPriority(), below]));`;
  const before = getPriority();
  const said = await new Promise((resolve, reject) =>
    new Worker(outer, { eval: true }).once('message', resolve).once('error', reject),
  );
  expect(said).toEqual([-20, -20]);
  expect(getPriority()).toBe(before);
});

/** A container that is confined to some processors is refused it. */
const grants =
  asRoot &&
  spawnSync('chrt', ['-d', '-T', '500000', '-D', '5000000', '-P', '5000000', '0', 'true']).status === 0;

test.runIf(asRoot)('the deadline class is that of the calling thread alone', async () => {
  if (!grants) return expect(() => thisMachine.deadline(500, 5000)).toThrow(/^chrt ended with /);
  const classOf = (thread: string): string | undefined =>
    readFileSync(`/proc/${process.pid}/task/${thread}/stat`, 'utf8').split(') ')[1]?.split(' ')[38];
  const name = `require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1)`;
  const running = `const { parentPort } = require('node:worker_threads');
parentPort.postMessage(${name});
parentPort.once('message', () => parentPort.close());`;
  const thread = readlinkSync('/proc/thread-self').split('/').at(-1) ?? '';
  const workers = [new Worker(running, { eval: true })];
  const threads: string[] = [];
  try {
    threads.push(...((await once(workers[0] as Worker, 'message')) as [string]));
    thisMachine.deadline(500, 5000);
    workers.push(new Worker(running, { eval: true }));
    threads.push(...((await once(workers[1] as Worker, 'message')) as [string]));
    // SCHED_DEADLINE, and SCHED_OTHER before and after.
    expect([thread, ...threads].map(classOf)).toEqual(['6', '0', '0']);
  } finally {
    spawnSync('chrt', ['--other', '--pid', '0', thread]);
    for (const worker of workers) worker.postMessage('end');
  }
});
