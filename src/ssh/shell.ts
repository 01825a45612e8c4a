/** The wrapper that every remote command runs in. Pure. */

import { hostScript } from '../base/host-script.ts';
import { quote } from '../base/quote.ts';

/**
 * How a command becomes root: `no` stays the login user; `free` is for root itself and for passwordless sudo;
 * `password` reads the password of sudo as the first line of stdin.
 */
export type Root = 'no' | 'free' | 'password';

export interface Wrapping {
  readonly root: Root;
  /** Limit on the host; whole seconds, as old and small versions of `timeout` know no others. */
  readonly limitSeconds: number;
  /**
   * The command has no stdin of its own; the channel's stdin is a lifeline instead: when it ends, for whatever
   * reason, the command is ended too. sshd itself kills nothing when a channel or a connection closes.
   */
  readonly lifeline: boolean;
}

/**
 * Written to stdout and stderr before the script's first byte. What comes before it is the talk of login
 * scripts and of sudo; when it never comes, the script was not started.
 */
export const startMark = '\u0001haup\u0002\n';

/** Written to stderr before sudo is asked: tells a sudo that refuses from a host that runs no commands at all. */
export const sudoMark = '\u0001haup\u0001\n';

/** sh knows the limit of one argument as MAX_ARG_STRLEN, 128 KiB; larger things go through stdin. */
const longestCommand = 120_000;

/**
 * The text for an exec request. It runs `script` by /bin/sh whatever the login shell is (csh cannot quote a
 * newline, fish takes `\\` in single quotes as one backslash, csh expands `!` anywhere), in /, with umask
 * 022, LC_ALL=C and the directories of administrators' programs in PATH.
 * @throws RangeError when the script is too long for one argument.
 */
export function wrap(script: string, wrapping: Wrapping): string {
  const text = `set -- ${quote(runner(wrapping))} ${quote(script)}\n${hostScript(become[wrapping.root])}`;
  const command = `exec sh -c 'eval "$(printf %b "$1")"' haup ${portable(text)}`;
  if (command.length > longestCommand)
    throw new RangeError(`script of ${script.length} characters: pass data on stdin`);
  return command;
}

const become: Readonly<Record<Root, string>> = {
  no: 'as-login-user',
  free: 'as-root',
  password: 'as-root-by-password',
};

/** What runs the script as the wanted user. */
const runner = ({ root, limitSeconds, lifeline }: Wrapping): string =>
  (root === 'password' ? hostScript('stdin-from-fifo') : '') +
  hostScript(lifeline ? 'run-on-lifeline' : 'run-script', { limit: limitSeconds });

/** Quoted for every login shell, decoded by printf %b: nothing but printable ASCII, no backslash but before a digit. */
function portable(text: string): string {
  let word = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    const plain = byte >= 0x20 && byte < 0x7f && !"\\'!".includes(character);
    word += plain ? character : `\\0${byte.toString(8).padStart(3, '0')}`;
  }
  return `'${word}'`;
}
