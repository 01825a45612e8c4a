import type { Writable } from 'node:stream';
import { exitCodes, HaupError } from '../model/errors.ts';

/** How a process learns that it should end: by a signal, or because its output has no reader any more. */
export interface Endings {
  /** Aborts at the first that asks for an orderly end. */
  readonly signal: AbortSignal;
  readonly changing: () => Disposable;
  readonly isRead: () => boolean;
  /** Writes, unless the stream has lost its reader. */
  readonly write: (stream: Writable, text: string) => void;
  readonly interrupt: (name: NodeJS.Signals) => void;
}

type Outputs = Pick<NodeJS.Process, 'on' | 'exit' | 'stdout' | 'stderr'>;

const onePressMs = 300;
/** The exit status that a shell gives a program ended by SIGPIPE. Node.js ignores that signal and gets EPIPE. */
const unreadStatus = 141;
/** A pipe without a reader; a terminal that has been closed. */
const unread: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']);

/**
 * The first signal asks for an orderly end, the second exits at once. A closed output ends a command that only looks,
 * as it ends any program in a pipe; while hosts are being changed it counts as a signal, and so does a full disk.
 */
export function endings(proc: Outputs): Endings {
  const controller = new AbortController();
  const lost = new Set<Writable>();
  let firstAt = 0;
  let changes = 0;
  const write = (stream: Writable, text: string): void => {
    if (!lost.has(stream)) stream.write(text);
  };
  const end = (why: string): void => {
    firstAt = performance.now();
    write(proc.stderr, `\n${why}: finishing the current step; press again to quit now.\n`);
    controller.abort(
      new HaupError('INTERRUPTED', 'Interrupted.', {
        hint: 'Run the same command again to continue where this one left off.',
      }),
    );
  };
  const interrupt = (name: NodeJS.Signals): void => {
    if (!controller.signal.aborted) return end(name);
    // One Ctrl-C can arrive twice: from the terminal, and from a parent that passes it on. A closing terminal sends
    // SIGHUP once for each shell in it.
    if (name !== 'SIGHUP' && performance.now() - firstAt > onePressMs) proc.exit(exitCodes.interrupted);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) proc.on(name, interrupt);
  for (const [stream, name] of [
    [proc.stdout, 'standard output'],
    [proc.stderr, 'standard error'],
  ] as const) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (lost.has(stream)) return;
      lost.add(stream);
      if (controller.signal.aborted) return;
      const isUnread = unread.has(error.code);
      const why = isUnread ? `${name} was closed` : `${name} cannot be written: ${error.message}`;
      if (changes > 0) return end(why);
      if (!isUnread) write(proc.stderr, `haup: ${why}\n`);
      proc.exit(isUnread ? unreadStatus : exitCodes.failed);
    });
  }
  return {
    signal: controller.signal,
    changing: () => {
      changes += 1;
      return { [Symbol.dispose]: () => void (changes -= 1) };
    },
    isRead: () => lost.size === 0,
    write,
    interrupt,
  };
}
