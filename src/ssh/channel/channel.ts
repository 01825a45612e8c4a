/** One command on one channel, from the exec request to the exit code. */

import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import { HaupError } from '../../model/errors.ts';
import { deferred } from './deferred.ts';
import { connectionLost, interrupted } from '../login/failure.ts';
import { startMark } from '../shell.ts';
import type { Slots } from '../login/slots.ts';

/** An established connection, as channels need it. */
export interface Link {
  readonly host: string;
  readonly client: Client;
  readonly slots: Slots;
  /** Aborts when the connection is gone; the reason is the CONNECTION_LOST to throw. */
  readonly gone: AbortSignal;
}

export interface Execution {
  /** Of shell.ts's `wrap`. */
  readonly text: string;
  readonly stdin: Uint8Array;
  /** Keep stdin open after these bytes, until the signal aborts. */
  readonly keepOpen: boolean;
  readonly limitMs: number;
  readonly stdout: (chunk: Buffer) => void;
  readonly stderr: (chunk: Buffer) => void;
  /** The script has begun: shell and sudo are done. */
  readonly started?: () => void;
  readonly opened?: (channel: ClientChannel) => void;
}

export interface ExecutionResult {
  /** False: the script did not run; `said` tells why. */
  readonly started: boolean;
  /** The remote command's; 128 + number for a signal. */
  readonly code: number;
  /** What the host printed before the script began. */
  readonly said: string;
  /** From the request to the end, in milliseconds: at least as long as the host took. */
  readonly ms: number;
}

/**
 * Settles at once when the signal aborts, the connection is lost or the limit passes. The slot stays taken until sshd
 * closes the channel, once the remote process has ended.
 * @throws HaupError CONNECTION_LOST, COMMAND_TIMED_OUT, INTERRUPTED, SSH_UNSUPPORTED
 */
export async function runOnChannel(
  link: Link,
  execution: Execution,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const out = afterMark(execution.stdout, () => execution.started?.());
  const err = afterMark(execution.stderr, () => {});
  const closed = deferred<number | null>();
  let askedAt = 0;
  const ask = (): void => void (askedAt = performance.now());
  const channel = await open(link, execution.text, signal, ask, (opened) => {
    let code: number | null = null;
    opened.on('exit', (status: number | null, name?: keyof typeof constants.signals) => {
      code = status ?? (name === undefined ? null : 128 + (constants.signals[name] ?? 0));
    });
    opened.on('data', out.feed);
    opened.stderr.on('data', err.feed);
    opened.on('close', () => closed.resolve(code));
  });
  const late = deferred<never>();
  const timer = setTimeout(
    () => late.reject(timedOut(link.host, execution.limitMs, false)),
    execution.limitMs,
  );
  try {
    execution.opened?.(channel);
    const bytes = Buffer.from(execution.stdin.buffer, execution.stdin.byteOffset, execution.stdin.byteLength);
    if (!execution.keepOpen) channel.end(bytes);
    else if (bytes.length > 0) channel.write(bytes);
    const code = await unlessAborted(Promise.race([closed.promise, late.promise]), link, signal);
    // To ssh2 and node-ssh a channel that closes without an exit code has ended like any other.
    if (code === null) throw connectionLost(link.host, null);
    const ms = performance.now() - askedAt;
    return { started: out.begun(), code, said: err.before() || out.before(), ms };
  } catch (error) {
    discard(channel);
    throw link.gone.aborted && !signal.aborted ? link.gone.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

export function timedOut(host: string, limitMs: number, ended: boolean): HaupError {
  return new HaupError(
    'COMMAND_TIMED_OUT',
    `A command on ${host} took longer than ${Math.round(limitMs / 1000)} s.`,
    {
      host,
      hint: ended
        ? 'haup stopped it. Check the host before you continue.'
        : 'It may still be running there: check the host before you continue.',
    },
  );
}

/** Takes a slot, freed when the channel closes, and opens a channel. Calls `ask` before each try. */
async function open(
  link: Link,
  text: string,
  signal: AbortSignal,
  ask: () => void,
  listen: (channel: ClientChannel) => void,
): Promise<ClientChannel> {
  let patientUntil = Number.POSITIVE_INFINITY;
  for (;;) {
    await link.slots.take(signal).catch(() => {
      throw interrupted(link.host, signal);
    });
    const refused = await openWithSlot(link, text, signal, ask, listen);
    if (!(refused instanceof Error)) return refused;
    // Too many for sshd's MaxSessions: wait for another channel to end.
    if (link.slots.shrink()) {
      patientUntil = Number.POSITIVE_INFINITY;
      continue;
    }
    // An ended channel makes room only once sshd has cleaned it up.
    patientUntil = Math.min(patientUntil, performance.now() + cleanupMs);
    if (!link.slots.proven || performance.now() > patientUntil) throw refusedChannel(refused, link);
  }
}

/** sshd counts a channel until it has cleaned up after it: shortly after its close, on a busy host later. */
const refusals = 3;
const cleanupMs = 5_000;

/** Resolves to the refusal if this is one channel too many; the slot then stays taken. */
async function openWithSlot(
  link: Link,
  text: string,
  signal: AbortSignal,
  ask: () => void,
  listen: (channel: ClientChannel) => void,
): Promise<ClientChannel | Error> {
  for (let tries = 1; ; tries += 1) {
    ask();
    const opening = request(link.client, text, (channel) => {
      link.slots.proven = true;
      channel.once('close', link.slots.free);
      listen(channel);
    });
    try {
      return await unlessAborted(opening, link, signal);
    } catch (error) {
      if (error instanceof HaupError) {
        opening.then(discard, link.slots.free);
        throw error;
      }
      const refusal = error as Error;
      if (link.gone.aborted || !/open failure/i.test(refusal.message)) {
        link.slots.free();
        throw refusedChannel(refusal, link);
      }
      if (tries === refusals) return refusal;
      await sleep(25 * tries);
    }
  }
}

/** Calls `listen` before anything else: a quick command's output, exit code and close come in one packet. */
function request(
  client: Client,
  text: string,
  listen: (channel: ClientChannel) => void,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    // Throws when the connection has ended.
    client.exec(text, (error, channel) => {
      if (error) return reject(error);
      // From a write after sshd closed its end; the close event tells enough.
      channel.on('error', () => {});
      listen(channel);
      resolve(channel);
    });
  });
}

export function unlessAborted<T>(work: Promise<T>, link: Link, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(interrupted(link.host, signal));
    const lose = (): void => reject(link.gone.reason);
    signal.addEventListener('abort', abort, { once: true });
    link.gone.addEventListener('abort', lose, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
      link.gone.removeEventListener('abort', lose);
    });
    if (link.gone.aborted) lose();
    if (signal.aborted) abort();
  });
}

function refusedChannel(error: Error, { host, gone }: Link): HaupError {
  if (gone.aborted) return gone.reason as HaupError;
  if (!/open failure|unable to exec/i.test(error.message)) return connectionLost(host, error);
  return new HaupError('SSH_UNSUPPORTED', `${host} refuses to run commands: ${error.message}.`, {
    host,
    hint: 'Check MaxSessions in its sshd_config, and the restrictions of the key in authorized_keys.',
    cause: error,
  });
}

/** Abandons a channel; drains its output, or it would never close. */
function discard(channel: ClientChannel): void {
  channel.removeAllListeners('data');
  channel.stderr.removeAllListeners('data');
  channel.resume();
  channel.stderr.resume();
  channel.end();
  channel.close();
}

/** Passes on the output after the start mark. */
function afterMark(
  pass: (chunk: Buffer) => void,
  start: () => void,
): { readonly feed: (chunk: Buffer) => void; readonly begun: () => boolean; readonly before: () => string } {
  let begun = false;
  let before = Buffer.alloc(0);
  return {
    begun: () => begun,
    before: () => before.toString('utf8'),
    feed: (chunk) => {
      if (begun) return pass(chunk);
      const all = Buffer.concat([before, chunk]);
      const at = all.indexOf(startMark);
      before = at < 0 ? all : all.subarray(0, at);
      if (at < 0) return;
      begun = true;
      start();
      const rest = all.subarray(at + startMark.length);
      if (rest.length > 0) pass(rest);
    },
  };
}
