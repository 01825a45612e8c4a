/** Why a connection failed: ssh2's errors have a level, and seldom a code. */

import { type ErrorCode, type ErrorDetails, HaupError } from '../../model/errors.ts';
import type { Offers } from './auth.ts';

export interface Attempt {
  /** The host as the inventory names it. */
  readonly host: string;
  /** What is being connected to: that host, or `jump host X`. */
  readonly label: string;
  readonly user: string;
  /** `192.0.2.1:22` */
  readonly endpoint: string;
  readonly limitMs: number;
  readonly offers: Offers | null;
  /** The first bytes from the other side. */
  readonly firstWords: string;
}

/** The host closed the connection before its version string: sshd does so when too many log in at once. */
export class LoginRefusal extends HaupError {
  /** It said that it is busy; otherwise it may be refusing this machine for good. */
  readonly busy: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails, busy: boolean) {
    super(code, message, details);
    this.busy = busy;
  }
}

/** The cause of a connection that could not be made. */
export function connectFailure(error: unknown, attempt: Attempt): HaupError {
  if (error instanceof HaupError) return error;
  const { host, label, endpoint, firstWords } = attempt;
  const { message, level, code } = partsOf(error);
  const fail = (errorCode: ErrorCode, text: string, hint: string): HaupError =>
    new HaupError(errorCode, text, { host, hint, cause: error });

  if (level === 'client-authentication' || /too many authentication failures/i.test(message)) {
    return refused(error, /too many/i.test(message), attempt);
  }
  const missing = /no matching (.+)$/i.exec(message)?.[1];
  if (missing !== undefined) {
    return fail('SSH_UNSUPPORTED', `${label} and haup have no ${missing} in common.`, sshCommand(attempt));
  }
  if (level === 'client-timeout') {
    return fail(
      'HOST_UNREACHABLE',
      `No answer from ${label} (${endpoint}) within ${attempt.limitMs / 1000} s.`,
      'Check that the host is up, that the address and port are right, and that no firewall blocks ssh.',
    );
  }
  const closed = /lost before handshake/i.test(message) || code === 'ECONNRESET' || code === 'EPIPE';
  const busy = firstWords.includes('MaxStartups');
  if (closed && (busy || firstWords === '')) {
    return new LoginRefusal(
      'HOST_UNREACHABLE',
      `${label} (${endpoint}) closes every connection immediately.`,
      {
        host,
        hint: 'sshd may limit simultaneous logins (MaxStartups), or refuse this address: see its log.',
        cause: error,
      },
      busy,
    );
  }
  if (firstWords !== '' && !firstWords.includes('SSH-')) {
    return fail('HOST_UNREACHABLE', `${endpoint} is not an SSH server.`, 'Check the address and port.');
  }
  const reason = socketReasons[code];
  if (reason !== undefined)
    return fail('HOST_UNREACHABLE', `${label} (${endpoint}) ${reason[0]}.`, reason[1]);
  return fail(
    'HOST_UNREACHABLE',
    `No connection to ${label} (${endpoint}): ${message}.`,
    sshCommand(attempt),
  );
}

function sshCommand({ user, endpoint }: Attempt): string {
  const [, address, port] = /^\[?(.*?)\]?:(\d+)$/.exec(endpoint) ?? [];
  return `To see why, run: ssh -v -p ${port} ${user}@${address}`;
}

/** ssh2 adds a level, Node.js a code, sshd a reason's number. */
function partsOf(error: unknown): {
  readonly message: string;
  readonly level: string;
  readonly code: string;
} {
  if (!(error instanceof Error)) return { message: String(error), level: '', code: '' };
  const {
    message,
    level = '',
    code = '',
  }: Error & { readonly level?: string; readonly code?: string | number } = error;
  return { message, level, code: String(code) };
}

const socketReasons: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ['refuses connections', 'Check that sshd runs there, and on which port.'],
  EHOSTUNREACH: [
    'cannot be reached',
    'Check that the host is up and on a network that this machine can reach.',
  ],
  ENETUNREACH: [
    'is on a network that this machine cannot reach',
    'Check the address, and the routes of this machine.',
  ],
  ETIMEDOUT: ['does not answer', 'Check that the host is up, and that no firewall blocks ssh.'],
  ECONNRESET: [
    'closed the connection before the login',
    'sshd may limit simultaneous logins (MaxStartups), or refuse this address: see its log.',
  ],
  ENOTFOUND: [
    'has an unknown name',
    'Check the address in the inventory, or its Host entry in ~/.ssh/config.',
  ],
  EAI_AGAIN: ['has a name that could not be looked up', 'Check DNS on this machine, or use an IP address.'],
};

function refused(cause: unknown, tooMany: boolean, { host, label, user, offers }: Attempt): HaupError {
  const { made = [], locked = [], unusable = [], accepted = [] } = offers ?? {};
  return new HaupError('AUTH_REFUSED', `${label} refused to log ${user} in.`, {
    host,
    hint: tooMany
      ? 'sshd hung up after too many wrong keys. Name the right one with ssh.identity_file.'
      : locked[0] !== undefined
        ? `${locked[0]} is encrypted and no agent holds it. Run: ssh-add ${locked[0]}`
        : made.length === 0 && unusable.length > 0
          ? `${unusable.join(' and ')} is missing or is not a private key: correct ssh.identity_file, or IdentityFile in ~/.ssh/config.`
          : made.length === 0
            ? 'haup has no key or password to offer. Start an ssh agent, or set ssh.identity_file or ssh.password.'
            : `Check the user, and that ~${user}/.ssh/authorized_keys on the host lists one of these keys.`,
    detail: [
      ...(made.length > 0 ? [`offered: ${made.join(', ')}`] : []),
      ...(accepted.length > 0 ? [`accepted there: ${accepted.join(', ')}`] : []),
    ],
    cause,
  });
}

/** An established connection broke: what was running there may have finished, stopped or still run. */
export function connectionLost(host: string, cause: unknown): HaupError {
  const said = cause instanceof Error ? cause.message : '';
  const reason = /keepalive/i.test(said) ? ': it stopped responding' : said === '' ? '' : `: ${said}`;
  return new HaupError('CONNECTION_LOST', `The connection to ${host} was lost${reason}.`, {
    host,
    hint: 'What was running there may or may not have finished. Once the host answers, run the command again: it continues from the state it finds.',
    cause,
  });
}

export function interrupted(host: string, signal: AbortSignal): HaupError {
  const reason: unknown = signal.reason;
  const hint = reason instanceof HaupError ? reason.hint : undefined;
  return new HaupError('INTERRUPTED', 'Interrupted.', { host, hint, cause: reason });
}
