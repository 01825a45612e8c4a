import { spawnSync } from 'node:child_process';
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
    realTime: () => void asked.push('real time'),
    ...changes,
  };
  return { asked, of };
}
const refuse = (): never => {
  throw Object.assign(new Error('uv_os_setpriority returned EACCES'), { code: 'ERR_SYSTEM_ERROR' });
};

test('a thread that asks little asks for the highest priority, and for real time', () => {
  const { asked, of } = scheduler();
  expect(goFirst(400, of)).toBe(true);
  expect(asked).toEqual(['highest', 'real time']);
});

test('one that asks much would take the processor from what it asks: it is no real-time thread', () => {
  const { asked, of } = scheduler();
  expect(goFirst(600, of)).toBe(true);
  expect(asked).toEqual(['highest']);
});

test('a refusal is no error', () => {
  const { asked, of } = scheduler({ highest: refuse });
  expect(goFirst(200, of)).toBe(false);
  expect(asked).toEqual([]);
  expect(goFirst(200, scheduler({ realTime: refuse }).of)).toBe(true);
});

test('where a priority is the whole program’s, it is left alone', () => {
  const { asked, of } = scheduler({ platform: 'darwin' });
  expect(goFirst(200, of)).toBe(false);
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

test.runIf(asRoot)('the real-time class is that of the calling thread alone', () => {
  const classOf = (path: string): string | undefined =>
    readFileSync(`${path}/stat`, 'utf8').split(') ')[1]?.split(' ')[38];
  const [thread = ''] = readlinkSync('/proc/thread-self').split('/').slice(-1);
  const other = spawnSync('ls', [`/proc/${process.pid}/task`], { encoding: 'utf8' })
    .stdout.split('\n')
    .find((one) => one !== '' && one !== thread);
  try {
    thisMachine.realTime();
    expect(classOf('/proc/thread-self')).toBe('2'); // SCHED_RR
    expect(classOf(`/proc/${process.pid}/task/${other}`)).toBe('0');
  } finally {
    spawnSync('chrt', ['--other', '--pid', '0', thread]);
  }
});
