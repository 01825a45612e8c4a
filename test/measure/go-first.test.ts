import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { goFirst } from '../../src/measure/go-first.ts';

test('a thread asks for the highest priority, for itself', () => {
  const asked: unknown[] = [];
  expect(goFirst((...args: unknown[]) => void asked.push(args), 'linux')).toBe(true);
  expect(asked).toEqual([[0, -20]]);
});

test('a refusal is no error', () => {
  const refuse = (): never => {
    throw Object.assign(new Error('uv_os_setpriority returned EACCES'), { code: 'ERR_SYSTEM_ERROR' });
  };
  expect(goFirst(refuse, 'linux')).toBe(false);
});

test('where a priority is the whole program’s, it is left alone', () => {
  const asked: unknown[] = [];
  expect(goFirst((...args: unknown[]) => void asked.push(args), 'darwin')).toBe(false);
  expect(asked).toEqual([]);
});

// As root, which the tests on real hosts need anyway.
test.runIf(process.getuid?.() === 0 && process.platform === 'linux')(
  'a priority of a thread is its own, and its threads inherit it',
  async () => {
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
  },
);
