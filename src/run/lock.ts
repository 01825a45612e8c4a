import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HeldLock, Host, LockOwner } from '../model/host.ts';

export interface LockOptions {
  readonly owner: LockOwner;
  /** How long to wait for a lock that somebody else has; 0: not at all. */
  readonly waitMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told once, when waiting begins. */
  readonly onWait: (host: HostName, owner: LockOwner) => void;
}

const retryMs = 1000;

/**
 * Locks all hosts or none: in the order of their names, so that two operators never wait for each other.
 * Rejects with LOCKED, naming who has it, from where, since when and what for.
 */
export async function lockHosts(
  hosts: ReadonlyMap<HostName, Host>,
  options: LockOptions,
  signal: AbortSignal,
): Promise<HeldLock> {
  const { owner, waitMs, now, sleep } = options;
  const deadline = now() + waitMs;
  let told = false;
  for (;;) {
    const held: HeldLock[] = [];
    const release = async (): Promise<void> => {
      await Promise.allSettled(held.map((lock) => lock[Symbol.asyncDispose]()));
    };
    let busy: { readonly host: HostName; readonly by: LockOwner } | null = null;
    try {
      for (const [name, host] of [...hosts].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const answer = await host.lock(owner, signal);
        if ('who' in answer) {
          busy = { host: name, by: answer };
          break;
        }
        held.push(answer);
      }
    } catch (error) {
      await release();
      throw error;
    }
    if (busy === null) {
      return { lost: AbortSignal.any(held.map((lock) => lock.lost)), [Symbol.asyncDispose]: release };
    }
    await release();
    if (now() >= deadline) throw locked(busy.host, busy.by);
    if (!told) options.onWait(busy.host, busy.by);
    told = true;
    await sleep(Math.min(retryMs, deadline - now()), signal);
  }
}

function locked(host: HostName, by: LockOwner): HaupError {
  return new HaupError('LOCKED', `${by.who} is at work on it: ${by.why}, since ${by.since}.`, {
    host,
    hint: 'Wait for it (--lock-wait SECONDS). The lock ends with its owner; haup unlock ends it at once. Nothing was changed.',
  });
}
