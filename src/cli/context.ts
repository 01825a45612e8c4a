import { createRequire } from 'node:module';
import { homedir, hostname, userInfo } from 'node:os';
import type { Writable } from 'node:stream';
import { HaupError } from '../model/errors.ts';
import { gated } from '../base/printable.ts';
import { type Endings, endings } from './endings.ts';
import type { Context } from '../app/command-context.ts';
import type { StreamFacts } from '../report/style.ts';

export const { version: haupVersion } = createRequire(import.meta.url)('../../package.json') as {
  readonly version: string;
};

export interface ColorWish {
  readonly flag: 'auto' | 'always' | 'never';
}

/** The flag decides, then FORCE_COLOR, NO_COLOR, TERM=dumb, and last whether this stream is a terminal. */
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

/** Everything that haup prints goes through here, except for the live board, which makes its text printable itself. */
const writerTo =
  (
    stream: Writable,
    color: boolean,
    write: (to: Writable, text: string) => void = (to, text) => void to.write(text),
  ) =>
  (text: string): void =>
    write(stream, gated(text, color));

export function makeContext(proc: NodeJS.Process, color: ColorWish): Context {
  const facts = (stream: NodeJS.WriteStream): StreamFacts => ({
    isTty: stream.isTTY === true,
    columns: stream.isTTY === true && stream.columns > 0 ? stream.columns : 80,
    color: colorLevel(color, proc.env, stream),
  });
  // Few commands ask, and a stream takes long to open.
  const isTty = (): boolean => proc.stdin.isTTY === true && proc.stderr.isTTY === true;
  const { signal, changing, isRead, write, interrupt } = endings(proc);
  const home = (): string => proc.env['HOME'] ?? homeOfUser(proc);
  return {
    env: proc.env,
    get cwd() {
      return workingDirectory(proc);
    },
    get home() {
      return home();
    },
    get operator() {
      return `${proc.env['SUDO_USER'] ?? nameOfUser(proc)}@${hostname()}`;
    },
    pid: proc.pid,
    haupVersion,
    node: proc.execPath,
    nodeVersion: proc.version,
    platform: proc.platform,
    script: proc.argv[1] ?? '',
    isRoot: proc.getuid?.() === 0,
    signal,
    changing,
    isRead,
    now: Date.now,
    out: writerTo(proc.stdout, facts(proc.stdout).color > 0, write),
    err: writerTo(proc.stderr, facts(proc.stderr).color > 0, write),
    stdout: facts(proc.stdout),
    stderr: facts(proc.stderr),
    stdoutStream: proc.stdout,
    stderrStream: proc.stderr,
    readStdin: async () => {
      const { buffer } = await import('node:stream/consumers');
      return (await buffer(proc.stdin)).toString('utf8');
    },
    get isTty() {
      return isTty();
    },
    confirm: async (question) => {
      if (isTty()) return asksYes(proc, question, { signal, interrupt });
      throw new HaupError('CONFIRMATION_NEEDED', `${question} There is no terminal to ask on.`, {
        hint: 'Add --yes to go ahead without being asked.',
      });
    },
    reach: async (spec, options) => {
      const { reachOverSsh } = await import('../app/reach-host.ts');
      return reachOverSsh(spec, options, { env: proc.env, home: home() });
    },
    openEnvironment: async (...world) =>
      (await import('../app/drill-environment.ts')).openDrillEnvironment(...world),
  };
}

function workingDirectory(proc: NodeJS.Process): string {
  try {
    return proc.cwd();
  } catch (cause) {
    throw new HaupError('USAGE', 'The current directory no longer exists.', {
      cause,
      hint: 'Change to another directory and run haup again.',
    });
  }
}

function homeOfUser(proc: NodeJS.Process): string {
  try {
    return homedir();
  } catch (cause) {
    const who = `User ${String(proc.geteuid?.())}`;
    throw new HaupError(
      'USAGE',
      `${who} has no home directory: it is not in the list of users, and HOME is not set.`,
      {
        cause,
        hint: 'Set HOME to a directory that this user can write.',
      },
    );
  }
}

/** A container can run as a user that has a number alone. */
function nameOfUser(proc: NodeJS.Process): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${String(proc.geteuid?.())}`;
  }
}

/** Only y and yes mean yes. Throws when haup is interrupted. */
async function asksYes(
  { stdin, stderr }: NodeJS.Process,
  question: string,
  { signal, interrupt }: Pick<Endings, 'signal' | 'interrupt'>,
): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: stdin, output: stderr });
  // The terminal is in raw mode, so Ctrl-C reaches readline alone.
  prompt.on('SIGINT', () => interrupt('SIGINT'));
  try {
    // Ctrl-D closes the question, which is not a yes.
    const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
    const asked = prompt.question(gated(`${question} [y/N] `, false), { signal }).catch(() => '');
    const answer = await Promise.race([asked, closed]);
    signal.throwIfAborted();
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
