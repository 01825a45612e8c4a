/** Signals, outputs that are closed, and questions without an answer. */

import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { makeContext } from '../../src/cli/context.ts';

/** A stream whose reader can go: from then on each write fails, as on a pipe. */
function stream(): Writable & { text: string; leave: (code: string) => void; isTTY: boolean } {
  let gone: string | null = null;
  const made = Object.assign(
    new Writable({
      autoDestroy: false,
      write: (chunk: Buffer, _encoding, done) => {
        if (gone !== null) return done(Object.assign(new Error('write'), { code: gone }));
        made.text += chunk.toString('utf8');
        done();
      },
    }),
    { text: '', leave: (code: string) => void (gone = code), isTTY: true },
  );
  return made;
}

function processWith(argv: readonly string[]) {
  const exits: number[] = [];
  return Object.assign(new EventEmitter(), {
    stdin: Object.assign(new PassThrough(), { isTTY: true }),
    stdout: stream(),
    stderr: stream(),
    env: {},
    argv,
    exits,
    pid: 1,
    execPath: 'node',
    version: 'v20',
    versions: { node: '20' },
    platform: 'linux',
    cwd: () => '/',
    getuid: () => 0,
    exit: (code: number) => void exits.push(code),
  });
}

function world() {
  const proc = processWith(['node', 'bin.js']);
  return {
    proc,
    exits: proc.exits,
    context: makeContext(proc as unknown as NodeJS.Process, { flag: 'never' }),
  };
}

test.each(['--help', 'help', '--version'])(
  '%s without a reader ends like every program in a pipe',
  async (word) => {
    const proc = processWith(['node', 'bin.js', word]);
    proc.stdout.leave('EPIPE');
    await main(proc as unknown as NodeJS.Process);
    await sleep(0);
    expect(proc.exits).toEqual([141]);
    expect(proc.stderr.text).toBe('');
  },
);

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s asks for an orderly end', (name) => {
  const { proc, exits, context } = world();
  proc.emit(name, name);
  expect(context.signal.reason).toMatchObject({ code: 'INTERRUPTED' });
  expect(proc.stderr.text).toMatch(new RegExp(`${name}: finishing the current step`));
  expect(exits).toEqual([]);
});

test('a second Ctrl-C leaves at once, a second word that the terminal has closed does not', async () => {
  const { proc, exits } = world();
  proc.emit('SIGHUP', 'SIGHUP');
  await sleep(350);
  proc.emit('SIGHUP', 'SIGHUP');
  expect(exits).toEqual([]);
  proc.emit('SIGINT', 'SIGINT');
  expect(exits).toEqual([130]);
});

test.each(['EPIPE', 'EIO'])(
  'a reader that goes (%s) ends a command that only looks, without a word',
  async (code) => {
    const { proc, exits, context } = world();
    proc.stdout.leave(code);
    context.out('a line\n');
    await sleep(1);
    expect(exits).toEqual([141]);
    expect(proc.stderr.text).toBe('');
  },
);

test.each(['stdout', 'stderr'] as const)(
  'while hosts are changed, a reader of %s that goes is as good as a signal',
  async (which) => {
    const { proc, exits, context } = world();
    {
      using _changing = context.changing();
      proc[which].leave('EPIPE');
      const say = which === 'stdout' ? context.out : context.err;
      say('a line\n');
      await sleep(1);
      say('another\n');
      await sleep(1);
      expect(context.signal.reason).toMatchObject({ code: 'INTERRUPTED' });
    }
    expect(exits).toEqual([]);
    expect(context.isRead()).toBe(false);
    if (which === 'stdout') expect(proc.stderr.text).toMatch(/standard output was closed: finishing/);
  },
);

test('a full disk under the output is named', async () => {
  const { proc, exits, context } = world();
  proc.stdout.leave('ENOSPC');
  context.out('a line\n');
  await sleep(1);
  expect(exits).toEqual([1]);
  expect(proc.stderr.text).toMatch(/standard output cannot be written/);
});

test.each([
  ['y\n', true],
  ['yes\n', true],
  ['\n', false],
  ['n\n', false],
  // Ctrl-D.
  ['\u0004', false],
])('the answer %j to a question is %j', async (typed, means) => {
  const { proc, context } = world();
  const asked = context.confirm('Really?');
  proc.stdin.write(typed);
  expect(await asked).toBe(means);
});

test('a terminal that closes at a question has not said yes', async () => {
  const { proc, context } = world();
  const asked = context.confirm('Really?');
  proc.stdin.end();
  expect(await asked).toBe(false);
});

test('Ctrl-C at a question interrupts', async () => {
  const { proc, context } = world();
  const asked = context.confirm('Really?');
  proc.stdin.write('\u0003');
  await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
