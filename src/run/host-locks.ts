import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HeldLock, Host, HostLock } from '../model/host.ts';
import type { LockOwner } from '../model/lock-owner.ts';

/** What there is to lock. */
export interface Lockable {
  /** Hosts that the command is about: all of them, or none. */
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** Members of their clusters beside them: one that cannot be locked is told of, and one that is lost is let go. */
  readonly beside: ReadonlyMap<HostName, Host>;
}

export interface LockOptions {
  readonly owner: LockOwner;
  /** How long to wait for a lock that another run holds; 0: not at all. */
  readonly waitMs: number;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told once, when waiting begins. */
  readonly onWait: (host: HostName, owner: LockOwner) => void;
  readonly onUnlocked: (host: HostName, error: HaupError) => void;
  /** A drill that was cut off has been ended; `error`: its host could not be put back. */
  readonly onDrill: (host: HostName, drill: NonNullable<HostLock['drill']>, error: HaupError | null) => void;
}

/** The locks of several hosts. */
export interface HostsLock extends HeldLock {
  /** Ends the lock of a host that goes away on purpose: nothing is lost by that. */
  letGo(host: HostName): Promise<void>;
  /** Locks it again when it is back. Rejects with LOCKED when another run has it. */
  retake(host: Host, signal: AbortSignal): Promise<void>;
}

type HostLocks = Map<HostName, HostLock>;
type LockConflict = { readonly host: HostName; readonly by: LockOwner };

const retryMs = 1000;

/**
 * Locks all hosts or none: in the order of their names, so that two operators never wait for each other. Then ends
 * what drills have left there: whoever made them is gone, since drills are made under the lock.
 * Rejects with LOCKED, naming who has it, from where, since when and what for.
 */
export async function lockHosts(
  what: Lockable,
  options: LockOptions,
  signal: AbortSignal,
): Promise<HostsLock> {
  const { waitMs, now, sleep } = options;
  const deadline = now() + waitMs;
  for (let told = false; ; told = true) {
    const answer = await tryAll(what, options, signal);
    if (answer instanceof Map) return whole(what, answer, options);
    const { host, by } = answer;
    if (now() >= deadline) throw locked(host, by);
    if (!told) options.onWait(host, by);
    await sleep(Math.min(retryMs, deadline - now()), signal);
  }
}

async function tryAll(
  { hosts, beside }: Lockable,
  { owner, onUnlocked }: LockOptions,
  signal: AbortSignal,
): Promise<HostLocks | LockConflict> {
  const taken = new Map<HostName, HostLock>();
  const unlocked = new Map<HostName, HaupError>();
  try {
    for (const [name, host] of [...hosts, ...beside].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const answer = await host.lock(owner, signal).catch((error: unknown) => {
        if (hosts.has(name) || signal.aborted || !(error instanceof HaupError)) throw error;
        unlocked.set(name, error);
        return null;
      });
      if (answer === null) continue;
      if ('who' in answer) {
        await release(taken);
        return { host: name, by: answer };
      }
      taken.set(name, answer);
    }
  } catch (error) {
    await release(taken);
    throw error;
  }
  for (const [name, error] of unlocked) onUnlocked(name, error);
  return taken;
}

async function whole(
  { hosts, beside }: Lockable,
  taken: HostLocks,
  { owner, onDrill }: LockOptions,
): Promise<HostsLock> {
  await Promise.all(
    [...taken].map(async ([name, { drill }]) => {
      const host = hosts.get(name) ?? beside.get(name);
      if (drill === null || host === undefined) return;
      const error = await host.act({ do: 'end-drill' }, new AbortController().signal).then(
        () => null,
        (reason: unknown) => {
          if (reason instanceof HaupError) return reason;
          throw reason;
        },
      );
      onDrill(name, drill, error);
    }),
  ).catch(async (error: unknown) => {
    await release(taken);
    throw error;
  });
  const lost = new AbortController();
  const follow = (end: AbortSignal): void => {
    if (end.aborted) lost.abort(end.reason);
    else end.addEventListener('abort', () => lost.abort(end.reason), { once: true });
  };
  for (const [name, lock] of taken) follow(hosts.has(name) ? lock.lost : takenAway(lock));
  return {
    lost: lost.signal,
    letGo: async (name) => {
      await taken.get(name)?.[Symbol.asyncDispose]();
      taken.delete(name);
    },
    retake: async (host, signal) => {
      const answer = await host.lock(owner, signal);
      if ('who' in answer) throw locked(host.name, answer);
      taken.set(host.name, answer);
      follow(answer.lost);
    },
    [Symbol.asyncDispose]: () => release(taken),
  };
}

async function release(taken: HostLocks): Promise<void> {
  await Promise.allSettled([...taken.values()].map((lock) => lock[Symbol.asyncDispose]()));
}

/** Aborts when the lock is broken, and not when it ends with its host. */
export function takenAway({ lost }: HeldLock): AbortSignal {
  const taken = new AbortController();
  const tell = (): void => {
    const reason: unknown = lost.reason;
    if (reason instanceof HaupError && reason.code === 'LOCKED') taken.abort(reason);
  };
  if (lost.aborted) tell();
  else lost.addEventListener('abort', tell, { once: true });
  return taken.signal;
}

function locked(host: HostName, by: LockOwner): HaupError {
  return new HaupError('LOCKED', `${by.who} is at work on it: ${by.why}, since ${by.since}.`, {
    host,
    hint: 'Wait for it (--lock-wait SECONDS). The lock ends with its owner; haup unlock ends it at once. Nothing was changed.',
  });
}
