import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import type { HookName, HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Finding } from '../model/plan.ts';
import type { Context } from './command-context.ts';

/** The hooks of one run. A failed after-hook is a finding, since what it follows is done. */
export interface RunHooks {
  /** Rejects with HOOK_FAILED. */
  readonly before: (name: HookName, event: HookEvent) => Promise<void>;
  readonly after: (name: HookName, event: HookEvent) => Promise<void>;
  readonly findings: () => readonly Finding[];
}

/** What a hook gets besides `version`, `hook`, `time`, `command`, `run` and `inventory`. */
export interface HookEvent {
  readonly host?: HostName;
  readonly hosts?: readonly HostName[];
  readonly changes?: readonly object[];
  /** After-hooks: whether it succeeded. */
  readonly ok?: boolean;
  readonly error?: object | null;
  readonly [more: string]: unknown;
}

/** `say` gets each line that a hook prints, prefixed with the hook's name. */
export function runHooks(
  context: Context,
  inventory: Inventory,
  about: { readonly command: string; readonly run: string },
  say: (line: string) => void,
): RunHooks {
  const { commands, timeout } = inventory.hooks;
  const directory = dirname(resolve(context.cwd, inventory.file));
  const cwd = inventory.file === '(stdin)' ? context.cwd : directory;
  const findings: Finding[] = [];
  /** What went wrong; null: nothing, or there is no such hook. */
  const run = async (name: HookName, event: HookEvent, signal: AbortSignal): Promise<string | null> => {
    const command = commands[name];
    if (command === undefined) return null;
    const time = new Date(context.now()).toISOString();
    const input = JSON.stringify({
      version: 1,
      hook: name,
      time,
      ...about,
      inventory: inventory.file,
      ...event,
    });
    return runCommand({ command, cwd, env: context.env, input, limitMs: timeout * 1000 }, signal, (line) =>
      say(`${name}: ${line}`),
    );
  };
  return {
    before: async (name, event) => {
      const wrong = await run(name, event, context.signal);
      if (context.signal.aborted) throw context.signal.reason;
      if (wrong !== null) {
        throw new HaupError('HOOK_FAILED', `The hook ${name} ${wrong}.`, {
          host: event.host,
          hint: `Its output is above. Until it succeeds, ${event.host === undefined ? 'nothing is changed' : 'this host is not changed'}.`,
        });
      }
    },
    after: async (name, event) => {
      // Also after an interrupt: a hook that was told of the beginning is told of the end.
      const wrong = await run(name, event, new AbortController().signal);
      if (wrong === null) return;
      const place = event.host === undefined ? {} : { host: event.host };
      findings.push({ check: 'hooks', level: 'warn', ...place, message: `the hook ${name} ${wrong}` });
    },
    findings: () => findings,
  };
}

interface HookCommand {
  readonly command: string;
  readonly cwd: string;
  readonly env: Context['env'];
  readonly input: string;
  readonly limitMs: number;
}

function runCommand(
  { command, cwd, env, input, limitMs }: HookCommand,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<string | null> {
  return new Promise((settle) => {
    // In its own process group, so that what it started ends with it.
    const child = spawn('/bin/sh', ['-c', command], {
      cwd,
      env: { ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let ended: string | null = null;
    const end = (why: string): void => {
      ended ??= why;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    };
    const limit = setTimeout(() => end(`took longer than ${limitMs / 1000} s and was ended`), limitMs);
    const abort = (): void => end('was interrupted');
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    for (const stream of [child.stdout, child.stderr]) eachLine(stream, onLine);
    // A hook need not read its stdin.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${input}\n`);
    const done = (wrong: string | null): void => {
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
      settle(ended ?? wrong);
    };
    child.on('error', (error) => done(`cannot be started: ${error.message}`));
    child.on('close', (code, by) =>
      done(
        code === 0
          ? null
          : code === null
            ? `was ended by ${by ?? 'a signal'}`
            : `failed with exit status ${code}`,
      ),
    );
  });
}

function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
