/** sh text: quoting, and the wrapper that every remote command runs in. Pure. */

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
  const words = [become[wrapping.root], body(wrapping), script].map(portable).join(' ');
  const command = `exec sh -c 'p=$(printf %b "$1") b=$(printf %b "$2") s=$(printf %b "$3"); eval "$p"' haup ${words}`;
  if (command.length > longestCommand)
    throw new RangeError(`script of ${script.length} characters: pass data on stdin`);
  return command;
}

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

const aboutToAsk = "printf '\\001haup\\001\\n' >&2; LC_ALL=C; export LC_ALL";

/** sh text that runs the body in $b, with the script of $s as its first argument, as the wanted user. */
const become: Readonly<Record<Root, string>> = {
  no: 'set -- "$s"; eval "$b"',
  free: `if [ "$(id -u)" = 0 ]; then set -- "$s"; eval "$b"; else ${aboutToAsk}; exec sudo -n -- sh -c "$b" haup "$s"; fi`,
  // sudo gets the password and nothing else, so a wrong one is tried once. The command's stdin goes around sudo,
  // through a FIFO: were the password in front of it, a sudo that asks for none would leave it there. `read` takes
  // no byte after the newline; printf is a builtin, so the password is in no process list.
  password: [
    aboutToAsk,
    'IFS= read -r w || exit 1',
    'd=$(mktemp -d /dev/shm/haup.XXXXXX 2>/dev/null || mktemp -d) && mkfifo -m 600 "$d/in" || exit 1',
    'exec 3<&0',
    'cat <&3 >"$d/in" 3<&- & c=$!',
    'exec 3<&- </dev/null',
    `printf '%s\\n' "$w" | sudo -k -S -p '' -- sh -c "$b" haup "$s" "$d"; r=$?`,
    'kill $c 2>/dev/null; rm -rf "$d"; exit $r',
  ].join('\n'),
};

/** Runs as the wanted user; $1 is the script, $2 the directory of the FIFO that is its stdin (after `password`). */
function body({ root, limitSeconds, lifeline }: Wrapping): string {
  const limited = `timeout -k 5 ${limitSeconds} sh -c "$1"`;
  return [
    ...(root === 'password' ? ['exec <"$2/in"; rm -rf "$2"'] : []),
    'LC_ALL=C PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"; export LC_ALL PATH',
    'umask 022; cd /',
    "printf '\\001haup\\002\\n'; printf '\\001haup\\002\\n' >&2",
    ...(lifeline
      ? [
          // A command with & would get /dev/null for its stdin, so the lifeline moves to another descriptor.
          // `timeout` leads a process group. It is the group that gets the signals: timeout dies alone of one
          // that comes before it knows its child (coreutils before 9.2).
          'exec 3<&0',
          ifTimeout(`${limited} 3<&- & p=$!`, 'sh -c "$1" 3<&- & p=$!'),
          '{ while read -r _; do :; done; kill -TERM -$p || kill -TERM $p; } <&3 3<&- >/dev/null 2>&1 & w=$!',
          'exec 3<&-',
          'wait $p; r=$?; { kill $w; kill -KILL -$p; } 2>/dev/null; exit $r',
        ]
      : [ifTimeout(`exec ${limited}`, 'exec sh -c "$1"')]),
  ].join('\n');
}

function ifTimeout(yes: string, no: string): string {
  return `if command -v timeout >/dev/null 2>&1; then ${yes}; else ${no}; fi`;
}
