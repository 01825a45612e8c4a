import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HeldLock, Host } from '../model/host.ts';
import { oneLine } from '../report/printable.ts';
import { lockHosts } from '../run/lock.ts';
import type { Context } from './context.ts';
import { pause } from './pause.ts';

export interface LockWish {
  readonly lockWait?: string;
}

/** Locks the hosts for a command that changes them; `why` is what another operator reads. */
export async function lockFor(
  context: Context,
  hosts: ReadonlyMap<HostName, Host>,
  why: string,
  options: LockWish,
): Promise<HeldLock> {
  const wait = Number(options.lockWait ?? 0);
  if (!Number.isFinite(wait) || wait < 0) {
    throw new HaupError('USAGE', `--lock-wait ${options.lockWait} is not a number of seconds.`, {
      hint: 'Give 0 or more.',
    });
  }
  return lockHosts(
    hosts,
    {
      owner: { who: context.operator, since: new Date(context.now()).toISOString(), why },
      waitMs: wait * 1000,
      now: context.now,
      sleep: pause,
      onWait: (host, by) =>
        context.err(
          `${oneLine(`${host}: ${by.who} is at work on it (${by.why}, since ${by.since}); waiting up to ${wait} s`)}\n`,
        ),
    },
    context.signal,
  );
}

/** Aborts when somebody takes the lock away, and not when it ends with its host. */
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
