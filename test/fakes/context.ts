import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Context } from '../../src/app/command-context.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { FakeCluster } from './cluster.ts';

/** A command's outside world in memory: the hosts, the inventory on stdin, and an operator who answers. */
export interface FakeWorld extends Disposable {
  readonly context: Context;
  readonly out: () => string;
  readonly err: () => string;
  /** The lines of NDJSON on stdout. */
  readonly events: () => readonly Readonly<Record<string, unknown>>[];
  /** The questions that were asked. */
  readonly asked: readonly string[];
}

export interface FakeOperator {
  /** Runs when a question is asked; true: yes. */
  readonly answer?: (question: string) => boolean;
  readonly signal?: AbortSignal;
}

export function fakeWorld(
  cluster: FakeCluster,
  inventory: string,
  { answer = () => true, signal = new AbortController().signal }: FakeOperator = {},
  openEnvironment?: Context['openEnvironment'],
): FakeWorld {
  const home = mkdtempSync(join(tmpdir(), 'haup-app-'));
  let [out, err] = ['', ''];
  const asked: string[] = [];
  const stream = { isTty: false, columns: 100, color: 0 } as const;
  const context: Context = {
    env: { PATH: process.env['PATH'] },
    cwd: home,
    home,
    operator: 'ana@workstation',
    pid: 1,
    haupVersion: '0.0.0',
    node: 'node',
    nodeVersion: 'v22',
    platform: 'linux',
    script: 'bin.js',
    isRoot: false,
    signal,
    changing: () => ({ [Symbol.dispose]: () => undefined }),
    isRead: () => true,
    now: () => 1_700_000_000_000,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stdout: stream,
    stderr: stream,
    stdoutStream: new PassThrough(),
    stderrStream: new PassThrough(),
    readStdin: async () => inventory,
    isTty: true,
    confirm: async (question) => {
      asked.push(question);
      return answer(question);
    },
    reach: async ({ name }) => {
      const host = cluster.hosts.get(name);
      if (host === undefined) throw new HaupError('HOST_UNREACHABLE', 'No route to host.', { host: name });
      return { host, [Symbol.asyncDispose]: async () => undefined };
    },
    openEnvironment:
      openEnvironment ??
      (async () => {
        throw new Error('this command watches nothing');
      }),
  };
  return {
    context,
    out: () => out,
    err: () => err,
    events: () =>
      out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
    asked,
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** What every command is given. */
export const given = { color: 'never', strictHostKey: 'yes', connectTimeout: '5' } as const;
