/** Connections to hosts over SSH. The only importer of node-ssh. */

import { setMaxListeners } from 'node:events';
import type { HostName, HostSpec } from '../model/domain.ts';
import { interrupted } from './login/failure.ts';
import type { Library } from './login/login.ts';
import { rootWay } from './channel/root.ts';
import { reach } from './login/route.ts';
import { type Command, type CommandResult, linesOf, type OnLine, runCommand } from './channel/session.ts';

export type { Command, CommandResult, OnLine } from './channel/session.ts';

export interface ConnectOptions {
  /** `ssh -F` */
  readonly sshConfigFile?: string;
  /** accept-new records the keys of hosts that are not known yet; a changed key is refused either way. */
  readonly strictHostKey: 'accept-new' | 'yes';
  /** For each connection on the way, from the first packet to the login; ~/.ssh/config's ConnectTimeout wins. */
  readonly connectTimeoutMs: number;
  /** How long a host may be silent before it counts as lost: 10 s unless given; ~/.ssh/config's ServerAliveInterval wins. */
  readonly silenceMs?: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly debug?: (line: string) => void;
}

export interface Connection extends AsyncDisposable {
  readonly host: HostName;
  /** The login user. */
  readonly user: string;
  /**
   * Runs a command; a code that is not 0 is a result like any other.
   * @throws HaupError CONNECTION_LOST, COMMAND_TIMED_OUT, SUDO_REFUSED, INTERRUPTED, SSH_UNSUPPORTED
   */
  run(command: Command, signal: AbortSignal, onLine?: OnLine): Promise<CommandResult>;
  /**
   * Lines of stdout as they come. When the signal aborts (which is a normal end) or the consumer breaks, the remote
   * command is ended.
   * @throws HaupError as `run`, and COMMAND_FAILED for a code that is not 0
   */
  lines(command: Command, signal: AbortSignal): AsyncIterable<string>;
}

/**
 * Connects as the inventory says, else as ssh would: over jump hosts, with host keys verified before any login.
 * @throws HaupError HOST_UNREACHABLE, AUTH_REFUSED, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, SSH_UNSUPPORTED, INTERRUPTED
 */
export async function connect(
  spec: HostSpec,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Connection> {
  if (signal.aborted) throw interrupted(spec.name, signal);
  manyListen(signal);
  const { user, link, close } = await reach(
    { ...spec.ssh, label: spec.name, address: spec.address },
    { host: spec.name, options, signal, library: loadLibrary },
  );
  const way = rootWay(user, spec.ssh.sudoPassword);
  return {
    host: spec.name,
    user,
    run: (command, runSignal, onLine) => runCommand(link, way, command, manyListen(runSignal), onLine),
    lines: (command, runSignal) => linesOf(link, way, command, manyListen(runSignal)),
    [Symbol.asyncDispose]: close,
  };
}

/** One signal ends many commands on many hosts; Node warns of a leak from eleven listeners on. */
function manyListen(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal);
  return signal;
}

/** node-ssh and, of the ssh2 that it brings, what it does not pass on. Loaded when a host is to be reached. */
async function loadLibrary(): Promise<Library> {
  const [{ NodeSSH }, ssh2] = await Promise.all([import('node-ssh'), import('ssh2')]);
  const { createAgent, BaseAgent, utils } = ssh2.default;
  return { NodeSSH, createAgent, BaseAgent, utils };
}
