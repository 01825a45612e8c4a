/** Commands as root: directly, by passwordless sudo, or with the inventory's password. */

import { HaupError } from '../../model/errors.ts';
import type { Secret } from '../../model/secret.ts';
import {
  type ExecutionResult,
  type Execution,
  runOnChannel,
  type Link,
  timedOut,
  unlessAborted,
} from './channel.ts';
import { deferred } from './deferred.ts';
import { type Root, sudoMark, wrap } from '../shell.ts';

type Outcome = 'accepted' | 'undecided' | HaupError;

/** What is known about becoming root on one connection. */
export interface RootWay {
  readonly user: string;
  readonly password: Secret | null;
  /** Whether sudo asks for a password: known after the first command. */
  asks: boolean;
  /** The single try of the password, pending or done; a refused password is never tried again. */
  trial: Promise<Outcome> | null;
  refusal: HaupError | null;
}

export function rootWay(user: string, password: Secret | null): RootWay {
  return { user, password, asks: false, trial: null, refusal: null };
}

export interface RootCommand {
  readonly script: string;
  readonly stdin: Uint8Array;
  readonly root: boolean;
  readonly timeoutMs: number;
  readonly lifeline: boolean;
  readonly stdout: Execution['stdout'];
  readonly stderr: Execution['stderr'];
  readonly opened: NonNullable<Execution['opened']>;
}

/** Runs a script as the login user or as root. Resolves with its exit code. Rejects as `Connection.run` says. */
export async function runAs(
  link: Link,
  way: RootWay,
  job: RootCommand,
  signal: AbortSignal,
): Promise<number> {
  if (!job.root) return startedOrThrow(link, await attempt(link, way, 'no', job, signal));
  if (way.refusal !== null) throw way.refusal;
  if (!way.asks) {
    // Enough for root and for passwordless sudo: one round trip.
    const ended = await attempt(link, way, 'free', job, signal);
    if (ended.started || !ended.said.includes(sudoMark)) return startedOrThrow(link, ended);
    way.asks = true;
    if (way.password === null || ended.code === 127) throw refuse(link, way, ended);
    // sudo would read the first line, and the command the others as its stdin.
    if (/[\n\0]/.test(way.password.reveal())) throw refuse(link, way, ended);
  }
  return await withPassword(link, way, job, signal);
}

/** Commands wait while the password is being tried, so that a wrong one is tried once. */
async function withPassword(
  link: Link,
  way: RootWay,
  job: RootCommand,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    if (way.trial === null) return await tryPassword(link, way, job, signal);
    const outcome = await unlessAborted(way.trial, link, signal);
    if (outcome instanceof HaupError) throw outcome;
    if (outcome === 'undecided') continue;
    const ended = await attempt(link, way, 'password', job, signal);
    if (!ended.started) throw refuse(link, way, ended);
    return ended.code;
  }
}

async function tryPassword(link: Link, way: RootWay, job: RootCommand, signal: AbortSignal): Promise<number> {
  const trial = deferred<Outcome>();
  way.trial = trial.promise;
  let outcome: Outcome = 'undecided';
  try {
    const ended = await attempt(link, way, 'password', job, signal, () => {
      outcome = 'accepted';
      trial.resolve(outcome);
    });
    if (ended.started) return ended.code;
    outcome = refuse(link, way, ended);
    throw outcome;
  } finally {
    if (outcome === 'undecided') way.trial = null;
    trial.resolve(outcome);
  }
}

/** Runs it with a limit on the host and a later one here, for a host that is dead or has no `timeout`. */
async function attempt(
  link: Link,
  way: RootWay,
  root: Root,
  job: RootCommand,
  signal: AbortSignal,
  started: () => void = () => {},
): Promise<ExecutionResult> {
  const limitSeconds = Math.max(1, Math.ceil(job.timeoutMs / 1000));
  const limitMs = limitSeconds * 1000;
  const password = root === 'password' ? Buffer.from(`${way.password?.reveal() ?? ''}\n`) : Buffer.alloc(0);
  const ended = await runOnChannel(
    link,
    {
      text: wrap(job.script, { root, limitSeconds, lifeline: job.lifeline }),
      // Without a copy: hosts may share what is many MB.
      stdin: password.length === 0 ? job.stdin : Buffer.concat([password, job.stdin]),
      keepOpen: job.lifeline,
      limitMs: limitMs + graceMs,
      stdout: job.stdout,
      stderr: job.stderr,
      opened: job.opened,
      started,
    },
    signal,
  );
  const killed = ended.code === 124 || ended.code === 137;
  // A script may exit with these codes itself; and the host's clock may run a little faster than this one.
  if (ended.started && killed && ended.ms > 0.99 * limitMs) {
    throw timedOut(link.host, limitMs, true);
  }
  return ended;
}

/** How much later than the host this side gives up, so that it is the host that reports the end. */
const graceMs = 1_500;

function startedOrThrow(link: Link, ended: ExecutionResult): number {
  if (ended.started) return ended.code;
  throw new HaupError('SSH_UNSUPPORTED', `${link.host} does not run commands: exit status ${ended.code}.`, {
    host: link.host,
    hint: 'Check the login shell of the user, and a forced command in sshd_config or authorized_keys.',
    detail: tail(ended.said),
  });
}

function refuse(link: Link, way: RootWay, ended: ExecutionResult): HaupError {
  const said = ended.said.split(sudoMark).at(-1) ?? '';
  const [what, hint] = reason(way, ended.code, said);
  way.refusal = new HaupError('SUDO_REFUSED', `${way.user} cannot become root on ${link.host}: ${what}.`, {
    host: link.host,
    hint,
    detail: tail(said),
  });
  return way.refusal;
}

/** Why sudo refused, and what to do next. */
function reason({ user, password, trial }: RootWay, code: number, said: string): readonly [string, string] {
  if (code === 127) {
    return ['sudo is not installed', 'Install sudo there, or log in as root with ssh.user.'];
  }
  if (/must have a tty|no tty present/.test(said) && !/password/.test(said)) {
    return ['sudo requires a terminal', `Remove requiretty for ${user} from sudoers.`];
  }
  if (password === null) {
    return [
      'sudo requires a password',
      'Set ssh.sudo_password in the inventory, for example env:SUDO_PASSWORD, or allow sudo without one.',
    ];
  }
  if (trial === null) {
    return [
      `the password from ${password.source} has more than one line`,
      'It must be the password alone, on one line.',
    ];
  }
  if (/not in the sudoers|not allowed/.test(said)) {
    return ['sudo does not allow it', `Allow ${user} to run sh as root in sudoers.`];
  }
  return [
    `sudo refused the password from ${password.source}`,
    'haup tried it once. Correct it, then run the command again.',
  ];
}

function tail(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-5);
}
