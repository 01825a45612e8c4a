/** One SSH connection, from the first packet to its end, around the traps of node-ssh and ssh2. */

import { once, setMaxListeners } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyAuthMethod, Client, ConnectConfig, NextAuthHandler } from 'ssh2';
import type { Secret } from '../../model/secret.ts';
import { type Identity, type Offers, prepareOffers } from './auth.ts';
import { forward } from './forward.ts';
import type { KeyTools } from './key-file.ts';
import type { Link } from '../channel/channel.ts';
import type { ConfigSource, SshConfig } from './ssh-config.ts';
import { connectFailure, connectionLost, interrupted, LoginRefusal } from './failure.ts';
import { guardHostKey, type HostKeyGuard } from './host-key.ts';
import { type HostKeyPolicy, knownHostsName } from './known-hosts.ts';
import { askEveryMs, usualSilenceMs, watchSilence } from './silence.ts';
import { slots } from './slots.ts';

/** What haup uses of node-ssh and its ssh2. */
export interface Library extends KeyTools {
  readonly NodeSSH: new () => {
    readonly connection: Client | null;
    connect(config: ConnectConfig): Promise<unknown>;
  };
}

export interface LoginOptions extends ConfigSource {
  readonly strictHostKey: 'accept-new' | 'yes';
  readonly connectTimeoutMs: number;
  /** How long a host may be silent before it counts as lost; ~/.ssh/config's ServerAliveInterval wins. */
  readonly silenceMs?: number;
}

/** A host to log in to: a jump host, or the last one. Null: as ssh's configuration says. */
export interface LoginTarget {
  /** For messages. */
  readonly label: string;
  readonly address: string;
  readonly user: string | null;
  readonly port: number | null;
  readonly identityFile: string | null;
  readonly jump: string | null;
  readonly hostKey: string | null;
  readonly password: Secret | null;
}

/** A host that haup is logged in to. */
export interface LoginSession {
  readonly user: string;
  readonly link: Link;
  /** Closes this connection and those it goes through. Never rejects. */
  readonly close: () => Promise<void>;
}

export interface Login {
  readonly host: string;
  readonly target: LoginTarget;
  readonly config: SshConfig;
  readonly options: LoginOptions;
  readonly library: Library;
  readonly signal: AbortSignal;
  /** The jump host that leads to it. */
  readonly via: LoginSession | null;
}

/** sshd allows ten (MaxSessions); this leaves two for people. */
const channels = 8;
/** How long a host may take to close its end. */
const closeLimitMs = 500;

/** Connects and logs in. Rejects as `connect` says. */
export async function logIn(login: Login): Promise<LoginSession> {
  const shown: string[] = [];
  let notPinned: unknown = null;
  for (let tries = 1; ; tries += 1) {
    const guard = guardHostKey(policyOf(login), shown);
    try {
      return await tryLogIn(login, guard);
    } catch (error) {
      if (login.target.hostKey !== null && guard.refusal() !== null && tries < 5) {
        // The pin may belong to a key of another type, which the host has not presented yet.
        shown.push(guard.shown());
        notPinned ??= error;
      } else if (notPinned !== null) {
        throw notPinned;
      } else if (error instanceof LoginRefusal && tries < (error.busy ? 10 : 4)) {
        // sshd drops connections at random while many log in (MaxStartups).
        await sleep(100 * 2 ** Math.min(tries, 4) * (0.5 + Math.random()), undefined, {
          signal: login.signal,
        }).catch(() => {});
      } else {
        throw error;
      }
    }
  }
}

async function tryLogIn(login: Login, guard: HostKeyGuard): Promise<LoginSession> {
  const { host, target, config, options, library, signal, via } = login;
  if (signal.aborted) throw interrupted(host, signal);
  const debug = (line: string): void => options.debug?.(`${target.label}: ${line}`);
  const limitMs = config.connectTimeoutMs ?? options.connectTimeoutMs;
  const offering = prepareOffers(identityOf(login), library, debug);
  const { hostname, port } = config;
  const socket =
    via === null
      ? connectTcp({ host: hostname, port, noDelay: true })
      : await forward(via.link, { host, label: target.label, hostname, port }, limitMs, signal);

  let firstWords = '';
  socket.once('data', (chunk: Buffer) => {
    firstWords = chunk.toString('latin1', 0, 80);
  });
  const ssh = new library.NodeSSH();
  const connecting = ssh.connect({
    sock: socket,
    username: config.user,
    readyTimeout: limitMs,
    keepaliveInterval: config.keepalive?.everyMs ?? askEveryMs(silenceOf(options)),
    // ssh2 must not give up: its question waits behind an upload.
    keepaliveCountMax: config.keepalive?.count ?? Number.MAX_SAFE_INTEGER,
    algorithms: { serverHostKey: guard.types },
    hostVerifier: (key: Buffer) => guard.verify(key),
    authHandler: (left, _partial, next) => void offerNext(offering, left, next),
    ...(options.debug === undefined ? {} : { debug }),
  });
  // This settles on the first error, even a harmless one from an agent: the client's events decide.
  connecting.catch((error: Error) => debug(error.message));
  const client = ssh.connection;
  if (client === null) throw await connecting.catch((error: unknown) => error);

  const gone = new AbortController();
  setMaxListeners(0, gone.signal, client);
  client.on('handshake', () => {
    if (!guard.proven()) socket.destroy();
  });
  client.on('close', () => gone.abort(connectionLost(host, null)));
  try {
    await ready(client, gone, host, signal);
  } catch (error) {
    socket.destroy();
    throw (
      guard.refusal() ??
      connectFailure(error, {
        host,
        label: target.label,
        user: config.user,
        endpoint: `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
        limitMs,
        offers: await offering,
        firstWords,
      })
    );
  }
  return openSession(login, client, socket, gone);
}

const silenceOf = ({ silenceMs = usualSilenceMs }: LoginOptions): number => silenceMs;

/** A connection that is logged in, watched until it is closed or lost. */
function openSession(
  { host, config, options, via }: Login,
  client: Client,
  socket: Duplex,
  gone: AbortController,
): LoginSession {
  // Where the ssh configuration sets a keepalive, ssh2 watches.
  if (config.keepalive === null) {
    const end = watchSilence(socket, silenceOf(options), () => {
      gone.abort(connectionLost(host, new Error('Keepalive timeout')));
      socket.destroy();
    });
    gone.signal.addEventListener('abort', end);
  }
  return {
    user: config.user,
    link: { host, client, slots: slots(channels), gone: gone.signal },
    close: async () => {
      client.end();
      const limit = setTimeout(() => socket.destroy(), closeLimitMs);
      if (!gone.signal.aborted) await once(gone.signal, 'abort');
      clearTimeout(limit);
      await via?.close();
    },
  };
}

/** Waits for the login. Later errors end the connection: without a listener they would end the process. */
function ready(client: Client, gone: AbortController, host: string, signal: AbortSignal): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(interrupted(host, signal));
    const settle = (): void => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
    client.once('ready', () => {
      settle();
      resolve();
    });
    client.once('close', () => {
      settle();
      reject(new Error('the connection was closed during the login'));
    });
    client.on('error', (error: Error & { readonly level?: string }) => {
      if (error.level === 'agent') return;
      settle();
      reject(error);
      gone.abort(connectionLost(host, error));
    });
  });
}

async function offerNext(
  offering: Promise<Offers>,
  left: readonly string[] | null,
  next: NextAuthHandler,
): Promise<void> {
  const offers = await offering;
  // False ends the list for ssh2, though its types lack it.
  next(offers.next(left) as AnyAuthMethod);
}

function policyOf({ host, target, config, options }: Login): HostKeyPolicy {
  return {
    host,
    label: target.label,
    name: knownHostsName(config.hostname, config.port, config.hostKeyAlias),
    strict: options.strictHostKey === 'yes' || config.strict,
    pin: target.hostKey?.replace(/=+$/, '') ?? null,
    userFiles: config.userKnownHostsFiles,
    globalFiles: config.globalKnownHostsFiles,
    hashNames: config.hashKnownHosts,
  };
}

function identityOf({ target, config, options }: Login): Identity {
  const { user, agent, password } = { ...config, password: target.password };
  if (target.identityFile === null) {
    return { user, agent, password, files: config.identityFiles, identitiesOnly: config.identitiesOnly };
  }
  // Offers only the key that was named, from its file or from the agent.
  const file = target.identityFile.replace(/^~(?=\/)/, () => options.home);
  return { user, agent, password, files: [file], identitiesOnly: true };
}
