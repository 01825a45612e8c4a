import { rejection, throwFailures } from '../base/failures.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import type { Host } from '../model/host.ts';
import type { Finding } from '../model/plan.ts';
import { type Connected, connectSome, type ConnectSettings } from './connect.ts';
import type { HostsLock } from '../run/host-locks.ts';
import type { Context } from './command-context.ts';
import { numberOption } from './number-option.ts';
import type { GlobalOptions } from './options.ts';

export interface SessionOptions extends GlobalOptions {
  /** Do not ask. */
  readonly yes?: boolean;
}

export interface SessionSettings<Ready> extends ConnectSettings {
  /** The hosts that the command cannot do without; absent: all of `names`. */
  readonly needs?: readonly HostName[];
  /** What needs no host, and so costs no time beside the handshakes: loading code, rendering, reading caches. */
  readonly prepare?: () => Promise<Ready>;
}

/** Connected hosts, which a command may look at, and the one way to change them. */
export interface Session extends Pick<Connected, 'hosts' | 'failures'> {
  /**
   * Asks, locks the clusters of the hosts, and works under the lock. Null: the answer was no, and nothing was changed.
   * Whatever was seen before may have changed since: `work` begins with another look.
   */
  readonly change: <Result>(
    about: ChangeSettings,
    work: (locked: Locked) => Promise<Result>,
  ) => Promise<Result | null>;
}

export interface ChangeSettings {
  /** The command line, as another operator reads it. */
  readonly why: string;
  readonly confirm: () => Promise<boolean>;
  /** The hosts whose lock the command cannot do without; absent: all that are connected. */
  readonly needs?: readonly HostName[];
}

export interface Locked {
  /** Aborts when the operator interrupts, or the lock is lost. */
  readonly signal: AbortSignal;
  /** Aborts only when the lock is broken: another operator may be changing the hosts by then. */
  readonly taken: AbortSignal;
  /** What the operator should know about the lock; printed on stderr already. */
  readonly findings: readonly Finding[];
  /** The other members of the clusters, which are locked too. */
  readonly beside: ReadonlyMap<HostName, Host>;
  /** For a host that reboots: its lock ends with it. */
  readonly lock: Pick<HostsLock, 'letGo' | 'retake'>;
}

/** Connects, works, and closes the connections. Throws what `prepare` throws before any failure to connect. */
export async function withHosts<Result, Ready = undefined>(
  context: Context,
  inventory: Inventory,
  options: SessionOptions,
  { names, needs = names, prepare, ...settings }: SessionSettings<Ready>,
  work: (session: Session, ready: Ready) => Promise<Result>,
): Promise<Result> {
  const waitSeconds = numberOption('--lock-wait', options.lockWait) ?? 0;
  const [connecting, preparing] = await Promise.allSettled([
    connectSome(context, inventory, options, { ...settings, names }),
    prepare?.(),
  ]);
  await using connected = connecting.status === 'fulfilled' ? connecting.value : null;
  if (preparing.status === 'rejected') throw preparing.reason;
  if (connecting.status === 'rejected' || connected === null)
    throw (connecting as PromiseRejectedResult).reason;
  const { hosts, failures } = connected;
  throwFailures([...failures].filter(([name]) => needs.includes(name)).map(([, error]) => rejection(error)));
  const session: Session = {
    hosts,
    failures,
    change: async ({ why, confirm, needs: locks }, change) => {
      if (!(await confirm())) {
        context.err('Nothing was changed.\n');
        return null;
      }
      const [{ lockFor }, { takenAway }] = await Promise.all([
        import('./cluster-lock.ts'),
        import('../run/host-locks.ts'),
      ]);
      const lockable = {
        inventory,
        connected,
        why,
        waitSeconds,
        ...(locks === undefined ? {} : { needs: locks }),
      };
      await using lock = await lockFor(context, lockable, options);
      const { findings, beside } = lock;
      // Awaited here: the lock is released when this function ends.
      return await change({
        signal: AbortSignal.any([context.signal, lock.lost]),
        taken: takenAway(lock),
        findings,
        beside,
        lock,
      });
    },
  };
  return await work(session, preparing.value as Ready);
}

/** True with --yes, or when the operator says so. */
export const agreed = async (context: Context, options: SessionOptions, question: string): Promise<boolean> =>
  options.yes === true || context.confirm(question);
