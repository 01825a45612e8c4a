import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';

const root = join(import.meta.dirname, '../..');

/** Runs one command line, as a process that is not on a terminal. */
async function run(...args: readonly string[]) {
  const stream = (): Writable & { text: string } => {
    const made = Object.assign(
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          made.text += chunk.toString('utf8');
          done();
        },
      }),
      { text: '' },
    );
    return made;
  };
  const proc = Object.assign(new EventEmitter(), {
    stdin: new PassThrough(),
    stdout: stream(),
    stderr: stream(),
    env: {},
    argv: ['node', 'bin.js', ...args],
    pid: 1,
    execPath: 'node',
    version: 'v22',
    versions: { node: '22' },
    platform: 'linux',
    arch: 'x64',
    cwd: () => root,
    getuid: () => 0,
    exit: (code: number) => expect.unreachable(`exit ${code}`),
  });
  const code = await main(proc as unknown as NodeJS.Process);
  return { code, stdout: proc.stdout.text, stderr: proc.stderr.text };
}

test('a command line that is refused is an error in JSON too', async () => {
  const { code, stdout, stderr } = await run('status', '--json', '--wach');
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    version: 1,
    ok: false,
    error: { code: 'USAGE', message: expect.stringMatching(/^unknown option '--wach'/) },
  });
  expect(stderr).toMatch(/^error: unknown option '--wach'/);
  expect((await run('status', '--wach')).stdout).toBe('');
});

test.each([
  ['render', '--output'],
  ['apply', '--limit'],
  ['verify', '--report'],
  ['lab', 'up', '--name'],
])('%s %s: an option that is empty is refused, as it would mean something else', async (...words) => {
  const { code, stderr } = await run(...words, '');
  expect(code).toBe(2);
  expect(stderr).toMatch(new RegExp(`${words.at(-1)} is empty\\.[^]*shell variable`));
});

test.each(['--limit', '--host'])('%s chooses the hosts', async (flag) => {
  const { code, stdout } = await run('render', 'inventory.example.yaml', '--json', flag, 'keep_137');
  expect(code).toBe(0);
  const { files } = JSON.parse(stdout) as { readonly files: readonly { readonly host: string }[] };
  expect(new Set(files.map(({ host }) => host))).toEqual(new Set(['keep_137']));
});

test.each(['render', 'service', 'uninstall'])('%s says nothing of its former --host', async (command) => {
  const { code, stdout } = await run('help', command);
  expect(code).toBe(0);
  expect(stdout).toContain('--limit <hosts>');
  expect(stdout).not.toContain('--host');
});

const commands = (help: string): readonly string[] =>
  [...help.matchAll(/^ {2}([a-z]+)(?: \S+)* {2,}\S/gm)].map(([, name = '']) => name);

test('every command has help that fits 80 columns', async () => {
  const top = commands((await run('--help')).stdout);
  const lab = commands((await run('help', 'lab')).stdout);
  expect(top).toEqual(expect.arrayContaining(['plan', 'apply', 'unlock', 'lab']));
  expect(lab).toEqual(expect.arrayContaining(['up', 'fault']));
  for (const words of [...top.map((name) => [name]), ...lab.map((name) => ['lab', name])]) {
    if (words.at(-1) === 'help') continue;
    const { code, stdout } = await run('help', ...words);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: haup ${words.join(' ')}\\b`));
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  }
});
