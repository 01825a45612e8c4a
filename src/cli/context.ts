import { homedir, hostname, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Writable } from 'node:stream';
import { HaupError } from '../model/errors.ts';
import { gated } from '../report/printable.ts';

/** What a stream can show. `color`: 0 none, 1 to 3 as chalk counts. */
export interface StreamFacts {
  readonly isTty: boolean;
  readonly columns: number;
  readonly color: 0 | 1 | 2 | 3;
}

/** The outside world of a command: the one place that reads `process`. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Who runs haup and where, for locks and logs: `ana@workstation`. */
  readonly operator: string;
  readonly pid: number;
  /** The node binary, its version, and the script that is running, to start haup again inside a lab. */
  readonly node: string;
  readonly nodeVersion: string;
  readonly platform: NodeJS.Platform;
  readonly script: string;
  readonly isRoot: boolean;
  /** Aborts on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdout: StreamFacts;
  readonly stderr: StreamFacts;
  /** For a reporter that redraws: the raw stream of the board. */
  readonly stderrStream: Writable & {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
  };
  readonly readStdin: () => Promise<string>;
  /** True: both ends are a terminal, so a question can be asked. */
  readonly isTty: boolean;
  /** Asks a yes/no question; rejects with CONFIRMATION_NEEDED when nobody can answer. */
  readonly confirm: (question: string) => Promise<boolean>;
}

export interface ColorWish {
  readonly flag: 'auto' | 'always' | 'never';
}

/** Flag, then FORCE_COLOR, NO_COLOR, TERM=dumb, then whether this very stream is a terminal. */
export function colorLevel(
  wish: ColorWish,
  env: Readonly<Record<string, string | undefined>>,
  stream: { readonly isTTY?: boolean; getColorDepth?: (env?: object) => number },
): 0 | 1 | 2 | 3 {
  if (wish.flag === 'never') return 0;
  const depth = (): 0 | 1 | 2 | 3 => {
    const bits = stream.getColorDepth?.(env) ?? 4;
    return bits >= 24 ? 3 : bits >= 8 ? 2 : 1;
  };
  if (wish.flag === 'always') return stream.isTTY === true ? depth() : 1;
  const force = env['FORCE_COLOR'];
  if (force !== undefined && force !== '') {
    if (force === '0' || force === 'false') return 0;
    return force === '2' ? 2 : force === '3' ? 3 : 1;
  }
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return 0;
  return stream.isTTY === true ? depth() : 0;
}

/** All that haup prints goes this way, but for the live board, whose text is made of `printable` ones. */
export const writerTo =
  (stream: Writable, color: boolean) =>
  (text: string): void =>
    void stream.write(gated(text, color));

export function makeContext(proc: NodeJS.Process, color: ColorWish): Context {
  const facts = (stream: NodeJS.WriteStream): StreamFacts => ({
    isTty: stream.isTTY === true,
    columns: stream.isTTY === true && stream.columns > 0 ? stream.columns : 80,
    color: colorLevel(color, proc.env, stream),
  });
  const isTty = proc.stdin.isTTY === true && proc.stderr.isTTY === true;
  const signal = interruptions(proc);
  return {
    env: proc.env,
    cwd: proc.cwd(),
    home: proc.env['HOME'] ?? homedir(),
    operator: `${proc.env['SUDO_USER'] ?? userInfo().username}@${hostname()}`,
    pid: proc.pid,
    node: proc.execPath,
    nodeVersion: proc.version,
    platform: proc.platform,
    script: proc.argv[1] ?? '',
    isRoot: proc.getuid?.() === 0,
    signal,
    now: Date.now,
    out: writerTo(proc.stdout, facts(proc.stdout).color > 0),
    err: writerTo(proc.stderr, facts(proc.stderr).color > 0),
    stdout: facts(proc.stdout),
    stderr: facts(proc.stderr),
    stderrStream: proc.stderr,
    readStdin: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of proc.stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
    isTty,
    confirm: async (question) => {
      if (!isTty) {
        throw new HaupError(
          'CONFIRMATION_NEEDED',
          `${question} Nobody is there to answer: this is not a terminal.`,
          {
            hint: 'Add --yes to go ahead without the question.',
          },
        );
      }
      const prompt = createInterface({ input: proc.stdin, output: proc.stderr });
      try {
        const answer = await prompt.question(gated(`${question} [y/N] `, false), { signal });
        return /^y(es)?$/i.test(answer.trim());
      } catch (cause) {
        throw signal.aborted ? signal.reason : cause;
      } finally {
        prompt.close();
      }
    },
  };
}

const onePressMs = 300;

/** The first signal asks for an orderly end, the second leaves at once. */
function interruptions(proc: NodeJS.Process): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    // One Ctrl-C may come twice: from the terminal, and from a command around this one that passes it on.
    if (controller.signal.aborted && Date.now() - firstAt < onePressMs) return;
    if (controller.signal.aborted) proc.exit(130);
    firstAt = Date.now();
    proc.stderr.write(`\n${name}: finishing what is in hand. Once more leaves at once.\n`);
    controller.abort(
      new HaupError('INTERRUPTED', 'Interrupted.', {
        hint: 'Run the same command again: it takes up where this one left off.',
      }),
    );
  };
  proc.on('SIGINT', onSignal);
  proc.on('SIGTERM', onSignal);
  // A reader that has gone (`haup status | head -1`) is no error.
  proc.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') proc.exit(0);
    throw error;
  });
  return controller.signal;
}
