/** What a failed connection was: ssh2's errors carry a level and seldom a code. */

import { HaupError, type ErrorCode } from '../model/errors.ts';
import type { Offers } from './auth.ts';

export interface Attempt {
  /** The host as the inventory names it. */
  readonly host: string;
  /** Who is being connected to: that host, or `jump host X`. */
  readonly label: string;
  readonly user: string;
  /** `192.0.2.1:22` */
  readonly endpoint: string;
  readonly limitMs: number;
  readonly offers: Offers | null;
}

type SshFailure = Error & { readonly level?: string; readonly code?: string | number };

/** Names the cause of a connection that did not come about. */
export function connectFailure(error: unknown, attempt: Attempt): HaupError {
  if (error instanceof HaupError) return error;
  const failure = error as SshFailure;
  const fail = (code: ErrorCode, message: string, hint: string, detail: string[] = []): HaupError =>
    new HaupError(code, message, { host: attempt.host, hint, detail, cause: error });
  const { label, endpoint } = attempt;
  const tryIt = `try: ssh -v ${attempt.user}@${label.replace(/^jump host /, '')}`;

  if (
    failure.level === 'client-authentication' ||
    /too many authentication failures/i.test(failure.message)
  ) {
    return refused(failure, attempt);
  }
  if (failure.level === 'handshake' && /no matching/i.test(failure.message)) {
    return fail(
      'SSH_UNSUPPORTED',
      `${label} and haup have no common ${failure.message.replace(/^.*no matching /i, '')}`,
      tryIt,
    );
  }
  if (failure.level === 'client-timeout') {
    return fail(
      'HOST_UNREACHABLE',
      `no answer from ${label} (${endpoint}) within ${attempt.limitMs / 1000} s`,
      'check that the host is up, and that address, port and firewall let ssh through',
    );
  }
  if (failure.level === 'protocol' && /ident|version|header/i.test(failure.message)) {
    return fail(
      'HOST_UNREACHABLE',
      `what answers on ${endpoint} is not an SSH server`,
      'check address and port',
    );
  }
  const reason = socketReasons[String(failure.code)];
  if (reason !== undefined) {
    return fail('HOST_UNREACHABLE', `${label} (${endpoint}) ${reason[0]}`, reason[1]);
  }
  return fail('HOST_UNREACHABLE', `no connection to ${label} (${endpoint}): ${failure.message}`, tryIt);
}

const socketReasons: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ['refuses connections', 'check that sshd runs there, and on which port'],
  EHOSTUNREACH: ['cannot be reached', 'check that the host is up and in a network that this machine reaches'],
  ENETUNREACH: [
    'is in a network that this machine does not reach',
    'check the address and the routes of this machine',
  ],
  ETIMEDOUT: ['does not answer', 'check that the host is up, and that a firewall lets ssh through'],
  ECONNRESET: [
    'closed the connection before the login',
    'sshd may limit connections (MaxStartups) or addresses: see its log',
  ],
  ENOTFOUND: [
    'has a name that is not known',
    'check the address in the inventory, or its Host entry in ~/.ssh/config',
  ],
  EAI_AGAIN: ['has a name that could not be looked up', 'check DNS on this machine, or write an IP address'],
};

function refused(cause: Error, { host, label, user, offers }: Attempt): HaupError {
  const made = offers?.made ?? [];
  const locked = offers?.locked ?? [];
  const hint = /too many/i.test(cause.message)
    ? 'sshd hung up after too many wrong keys: name the right one with ssh.identity_file'
    : locked[0] !== undefined
      ? `${locked[0]} is encrypted and no agent holds it: ssh-add ${locked[0]}`
      : made.length === 0
        ? 'there was nothing to offer: start an ssh agent, or set ssh.identity_file or ssh.password'
        : `check that the user is right and that one of the keys is in ~${user}/.ssh/authorized_keys`;
  return new HaupError('AUTH_REFUSED', `${label} refused to log ${user} in`, {
    host,
    hint,
    detail: [
      ...(made.length > 0 ? [`offered ${made.join(', ')}`] : []),
      ...(offers !== null && offers.accepted.length > 0
        ? [`accepted there: ${offers.accepted.join(', ')}`]
        : []),
    ],
    cause,
  });
}

/** An established connection that broke; what was running there may have finished, or not, or still run. */
export function connectionLost(host: string, cause: unknown): HaupError {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new HaupError('CONNECTION_LOST', `the connection to ${host} was lost${reason}`, {
    host,
    hint: 'what was running there may have been done or not; run the command again to see',
    cause,
  });
}

export function interrupted(host: string, signal: AbortSignal): HaupError {
  return new HaupError('INTERRUPTED', 'interrupted', { host, cause: signal.reason });
}
