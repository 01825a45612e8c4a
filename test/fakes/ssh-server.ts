/** An SSH server in this process, for what a real sshd does not do on request. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  type AddressInfo,
  createServer,
  connect as connectTcp,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';

export type KeyKind = 'ed25519' | 'rsa' | 'ecdsa';

/** A key pair in OpenSSH's format, with the public key in wire format. */
export interface KeyPair {
  readonly privateText: string;
  readonly publicText: string;
  readonly blob: Buffer;
}

export function makeKey(kind: KeyKind = 'ed25519', passphrase?: string): KeyPair {
  const lock = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr' };
  const generate: (kind: KeyKind, options: object) => { private: string; public: string } =
    ssh2.utils.generateKeyPairSync;
  const bits = kind === 'rsa' ? { bits: 2048 } : kind === 'ecdsa' ? { bits: 256 } : {};
  // About one in a hundred keys that ssh2 makes is one that ssh2 cannot read (a leading zero goes missing).
  for (let attempt = 1; ; attempt += 1) {
    const pair = generate(kind, { ...bits, ...lock, comment: `test ${kind}` });
    try {
      const parsed = ssh2.utils.parseKey(pair.public);
      if (parsed instanceof Error) throw parsed;
      return { privateText: pair.private, publicText: pair.public, blob: parsed.getPublicSSH() };
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

export interface FakeSshOptions {
  readonly hostKeys?: readonly KeyPair[];
  /** Accepts everybody unless given. False refuses, a list too: these may still be tried. */
  readonly auth?: (
    context: AuthContext,
  ) => boolean | 'later' | readonly ('publickey' | 'password' | 'keyboard-interactive')[];
  /** What an exec request does; the default runs the command with this machine's sh. */
  readonly exec?: (command: string, channel: ServerChannel) => void;
  /** sshd's MaxSessions. */
  readonly maxSessions?: number;
  /** How long a channel that has closed still counts, as sshd cleans up after it. */
  readonly cleanupMs?: number;
}

export interface FakeSsh extends AsyncDisposable {
  readonly port: number;
  /** Every attempt to log in: `publickey root SHA256…`, `password root secret`. */
  readonly attempts: string[];
  readonly commands: string[];
  /** Most channels that were open at once. */
  readonly peak: () => number;
  /** Ends all connections: with FIN, with RST, or by never saying anything again. */
  readonly finish: () => void;
  readonly reset: () => void;
  readonly silence: () => void;
}

/** Listens on a free port of 127.0.0.1. */
export async function fakeSsh(options: FakeSshOptions = {}): Promise<FakeSsh> {
  const { hostKeys = [defaultKey()], maxSessions = 10 } = options;
  const attempts: string[] = [];
  const commands: string[] = [];
  let peak = 0;
  const server = new ssh2.Server(
    { hostKeys: hostKeys.map((key) => key.privateText) },
    (connection: Connection) => {
      let open = 0;
      connection.on('error', () => {});
      // @types/ssh2 lacks it.
      (connection as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
      connection.on('authentication', (context) => {
        if (context.method !== 'none') attempts.push(attemptText(context));
        const verdict = options.auth?.(context) ?? true;
        if (verdict === 'later') return;
        if (verdict === true) context.accept();
        else
          context.reject(
            verdict === false ? ['publickey', 'password', 'keyboard-interactive'] : [...verdict],
          );
      });
      connection.on('session', (accept, reject) => {
        if (open >= maxSessions) return reject();
        open += 1;
        peak = Math.max(peak, open);
        const session = accept();
        session.on('close', () => {
          if (options.cleanupMs === undefined) open -= 1;
          else setTimeout(() => (open -= 1), options.cleanupMs);
        });
        session.on('exec', (acceptExec, _reject, { command }) => {
          commands.push(command);
          const channel = acceptExec();
          channel.on('error', () => {});
          (options.exec ?? runHere)(command, channel);
        });
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const front = await proxyTo(portOf(server));
  return {
    port: front.port,
    attempts,
    commands,
    peak: () => peak,
    finish: front.finish,
    reset: front.reset,
    silence: front.silence,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      server.close();
    },
  };
}

let sharedKey: KeyPair | null = null;
function defaultKey(): KeyPair {
  sharedKey ??= makeKey();
  return sharedKey;
}

function attemptText(context: AuthContext): string {
  if (context.method === 'password') return `password ${context.username} ${context.password}`;
  if (context.method !== 'publickey') return `${context.method} ${context.username}`;
  return `publickey ${context.username} ${context.key.data.toString('base64').slice(-12)}${context.signature === undefined ? '?' : ''}`;
}

function runHere(command: string, channel: ServerChannel): void {
  const child = spawn('/bin/sh', ['-c', command], { stdio: 'pipe' });
  channel.pipe(child.stdin);
  child.stdin.on('error', () => {});
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on('close', (code, signal) => {
    if (signal === null) channel.exit(code ?? 1);
    else channel.exit(signal.replace(/^SIG/, ''));
    channel.end();
  });
  channel.on('close', () => child.stdin.end());
}

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  readonly count: () => number;
  readonly finish: () => void;
  readonly reset: () => void;
  readonly silence: () => void;
}

export function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
  return address.port;
}

/** A TCP proxy to a port of 127.0.0.1 whose connections can be broken. `dropFirst` of them are closed at once. */
export async function proxyTo(port: number, dropFirst = 0): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let count = 0;
  const server: TcpServer = createServer({ allowHalfOpen: true }, (near) => {
    count += 1;
    if (count <= dropFirst) return near.destroy();
    const far = connectTcp({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const pair = [near.setNoDelay(true), far] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('error', () => to.destroy());
      from.on('close', () => {
        pairs.delete(pair);
        to.destroy();
      });
      from.pipe(to);
    }
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const each = (change: (near: Socket, far: Socket) => void) => () => {
    for (const [near, far] of pairs) change(near, far);
  };
  return {
    port: portOf(server),
    count: () => count,
    finish: each((near) => near.destroy()),
    reset: each((near) => near.resetAndDestroy()),
    silence: each((near, far) => {
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.pause();
    }),
    async [Symbol.asyncDispose]() {
      each((near, far) => {
        near.destroy();
        far.destroy();
      })();
      server.close();
      await Promise.resolve();
    },
  };
}
