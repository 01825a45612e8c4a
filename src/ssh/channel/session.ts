/** Commands on a connection, awaited or as a stream of lines. */

import { HaupError } from '../../model/errors.ts';
import type { Link } from './channel.ts';
import { lineQueue, splitLines } from './line-queue.ts';
import { type RootWay, runAs } from './root.ts';

export interface Command {
  /** POSIX sh; runs in /, with LC_ALL=C and umask 022. */
  readonly script: string;
  readonly stdin?: Uint8Array;
  readonly root: boolean;
  /** Rounded up to whole seconds. */
  readonly timeoutMs: number;
  /**
   * Ends the remote command when the signal aborts or the connection is lost, instead of leaving it running. It uses
   * stdin.
   */
  readonly lifeline?: boolean;
}

export interface CommandResult {
  /** 128 + number if a signal ended it. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export type OnLine = (line: string, stream: 'stdout' | 'stderr') => void;

/** Rejects as `Connection.run` says. */
export async function runCommand(
  link: Link,
  way: RootWay,
  command: Command,
  signal: AbortSignal,
  onLine?: OnLine,
): Promise<CommandResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const outLines = onLine && splitLines((line) => onLine(line, 'stdout'));
  const errLines = onLine && splitLines((line) => onLine(line, 'stderr'));
  const lifeline = command.lifeline === true && command.stdin === undefined;
  const code = await runAs(
    link,
    way,
    {
      ...command,
      lifeline,
      stdin: command.stdin ?? nothing,
      opened: () => {},
      stdout: (chunk) => {
        stdout.push(chunk);
        outLines?.feed(chunk);
      },
      stderr: (chunk) => {
        stderr.push(chunk);
        errLines?.feed(chunk);
      },
    },
    signal,
  );
  outLines?.end();
  errLines?.end();
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

/** The lines of stdout as they arrive, until the signal aborts. Rejects as `Connection.lines` says. */
export async function* linesOf(
  link: Link,
  way: RootWay,
  command: Command,
  signal: AbortSignal,
): AsyncGenerator<string> {
  if (signal.aborted) return;
  const over = new AbortController();
  const queue = lineQueue();
  const outLines = splitLines(queue.push);
  const complaints: string[] = [];
  const errLines = splitLines((line) => {
    complaints.push(line);
    if (complaints.length > 15) complaints.shift();
  });
  const job = {
    ...command,
    lifeline: true,
    stdin: nothing,
    opened: queue.control,
    stdout: outLines.feed,
    stderr: errLines.feed,
  };
  const run = async (): Promise<void> => {
    const code = await runAs(link, way, job, AbortSignal.any([signal, over.signal]));
    outLines.end();
    errLines.end();
    if (code !== 0) throw failed(link.host, code, complaints);
  };
  const running = run().then(() => queue.end(null), queue.end);
  try {
    yield* queue.drain(signal);
  } finally {
    over.abort();
    await running;
  }
}

const nothing = new Uint8Array();

function failed(host: string, code: number, detail: readonly string[]): HaupError {
  return new HaupError('COMMAND_FAILED', `A command on ${host} failed with exit status ${code}.`, {
    host,
    hint: detail.length === 0 ? 'It wrote nothing to standard error.' : undefined,
    detail,
  });
}
