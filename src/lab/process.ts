/** The one place of the lab that starts programs. */

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { constants } from 'node:os';
import proc from 'node:process';
import { isatty } from 'node:tty';
import { HaupError } from '../model/errors.ts';
import { labScript } from './lab-script.ts';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; the program is killed after it. */
  readonly limitMs?: number;
  /** A file that gets the program's output as it comes. */
  readonly log?: string;
  /** What to do when `must` fails. */
  readonly hint?: string;
}

export interface Ran {
  /** Exit status; 128 + n after signal n. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Rejects only if it cannot be started, exceeds its limit, or the signal aborts. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Its own group, so that an interrupt takes its children with it.
    detached: true,
    env: withSbin(options.env ?? proc.env),
  });
  const log = options.log === undefined ? null : createWriteStream(options.log, { flags: 'a' });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      log?.write(chunk);
    });
  }
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const kill = (): void => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  let timedOut = false;
  const limitMs = options.limitMs ?? 60_000;
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, limitMs);
  options.signal?.addEventListener('abort', kill, { once: true });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') return reject(error);
        // As a shell says it.
        text.stderr = `${command}: not found`;
        resolve(127);
      });
      child.once('close', (status, signal) => resolve(exitStatus(status, signal)));
    });
    options.signal?.throwIfAborted();
    if (timedOut) {
      throw new HaupError('LAB_FAILED', `${command} did not finish within ${limitMs / 1000} s.`, {
        detail: lastLines(text.stderr + text.stdout),
      });
    }
    return { code, ...text };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', kill);
    log?.end();
  }
}

/** As `run`, but any exit status except 0 is an error that says what failed; returns stdout. */
export async function must(
  what: string,
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const ran = await run(command, args, options);
  if (ran.code === 0) return ran.stdout;
  throw new HaupError('LAB_FAILED', `${what}: ${command} exited with status ${ran.code}.`, {
    hint: options.hint ?? (options.log === undefined ? undefined : `Full log: ${options.log}`),
    detail: lastLines(`${ran.stdout}\n${ran.stderr}`),
  });
}

/** Starts a program that outlives this one, in its own session, with none of our files open. */
export async function launch(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { detached: true, stdio: 'ignore', cwd: '/', env: withSbin(proc.env) });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
}

const passedOn: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/**
 * Runs a program on this terminal and resolves to its exit status. While it runs, it gets the signals: those of
 * the terminal directly, and those sent to us alone passed on. `onStdout` gets its standard output instead of the terminal.
 */
export async function attach(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  onStdout?: (text: string) => void,
): Promise<number> {
  signal.throwIfAborted();
  const atTerminal = isatty(0);
  const child = spawn(command, args, {
    stdio: ['inherit', onStdout === undefined ? 'inherit' : 'pipe', 'inherit'],
    env: withSbin(env),
  });
  child.stdout?.setEncoding('utf8').on('data', onStdout ?? (() => undefined));
  const pass = (name: NodeJS.Signals): void => {
    const alreadyTold = atTerminal && (name === 'SIGINT' || name === 'SIGQUIT');
    if (!alreadyTold) child.kill(name);
  };
  const before = passedOn.map((name) => [name, proc.listeners(name)] as const);
  // Never without a listener: a signal that has come and waits for one would be lost with the last.
  for (const [name, listeners] of before) {
    proc.on(name, pass);
    for (const listener of listeners) proc.off(name, listener);
  }
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, by) => resolve(exitStatus(status, by)));
    });
  } finally {
    for (const [name, listeners] of before) {
      for (const listener of listeners) proc.on(name, listener);
      proc.off(name, pass);
    }
  }
}

export interface Lock {
  readonly release: () => Promise<void>;
}

/**
 * Takes an exclusive lock on a file and holds it until released; it ends with this process, however that ends.
 * @param waiting called when another process has it
 */
export async function lock(file: string, signal: AbortSignal, waiting: () => void): Promise<Lock> {
  signal.throwIfAborted();
  const child = spawn('sh', ['-c', labScript('hold-file', { file })], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const kill = (): void => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  signal.addEventListener('abort', kill, { once: true });
  child.stdin.on('error', () => {});
  try {
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        if (!said.includes('waiting') && chunk.includes('waiting')) waiting();
        said += chunk;
        if (said.includes('locked')) resolve();
      });
      child.once('error', reject);
      child.once('close', () => reject(new HaupError('LAB_FAILED', `Cannot lock ${file}.`)));
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', kill);
  }
  return {
    release: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** `su` without a dash leaves root with a PATH that lacks ip and others. */
function withSbin(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const path = (env['PATH'] ?? '').split(':').filter((dir) => dir !== '');
  return { ...env, PATH: [...new Set([...path, '/usr/sbin', '/sbin', '/usr/bin', '/bin'])].join(':') };
}

function killGroup(leader: number): void {
  try {
    proc.kill(-leader, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function exitStatus(status: number | null, signal: NodeJS.Signals | null): number {
  return status ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

export function lastLines(text: string, count = 15): readonly string[] {
  const lines = text.split('\n').map((line) => line.trimEnd());
  return lines.filter((line) => line !== '').slice(-count);
}
