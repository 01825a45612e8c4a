import { clusters } from '../cluster/clusters.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import { type DrillName, faults } from '../model/fault.ts';
import type { Host } from '../model/host.ts';
import type { Finding } from '../model/plan.ts';
import { lineReporter } from '../report/line-reporter.ts';
import { oneLine } from '../base/printable.ts';
import { gate } from '../run/gate.ts';
import { type HostsLock, lockHosts } from '../run/host-locks.ts';
import { monotonicMs } from '../base/clock.ts';
import { type Connected, connectSome } from './connect.ts';
import type { Context } from './command-context.ts';
import { pause } from '../base/pause.ts';
import type { GlobalOptions } from './options.ts';

/** What a command that changes hosts needs a lock for. */
export interface LockFor {
  readonly inventory: Inventory;
  readonly connected: Pick<Connected, 'hosts' | 'failures'>;
  /** The hosts that must be locked; absent: all that are connected. */
  readonly needs?: readonly HostName[];
  /** What another operator reads. */
  readonly why: string;
  /** How long to wait for another haup. */
  readonly waitSeconds: number;
}

export interface ClusterLock extends HostsLock {
  /** Members that are not locked, and drills that were cut off. Printed on stderr already. */
  readonly findings: readonly Finding[];
  /** Members that are connected for the lock alone. */
  readonly beside: ReadonlyMap<HostName, Host>;
}

/**
 * Locks every member of every cluster of the connected hosts, whatever the command is limited to: two operators who
 * change different hosts of one cluster could together take its VIPs away. A member that cannot be reached is reported
 * as unlocked, and does not stop the command.
 */
export async function lockFor(
  context: Context,
  { inventory, connected, needs, why, waitSeconds }: LockFor,
  options: GlobalOptions,
): Promise<ClusterLock> {
  const near = clusters(inventory).filter((cluster) => cluster.some((name) => connected.hosts.has(name)));
  const names = near.flat().filter((name) => !connected.hosts.has(name) && !connected.failures.has(name));
  const changing = context.changing();
  const open: AsyncDisposable[] = [];
  const end = async (): Promise<void> => {
    for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
    changing[Symbol.dispose]();
  };
  try {
    const others = await connectSome(context, inventory, options, { names });
    open.push(others);
    const { emit } = lineReporter(context.err, { json: false });
    const findings: Finding[] = [];
    const tell = (finding: Finding): void => {
      findings.push(finding);
      emit({ type: 'finding', finding });
    };
    const away = [...connected.failures, ...others.failures].filter(([name]) => near.flat().includes(name));
    for (const [name, error] of away) tell(unlockedFinding(name, error));
    const all = new Map([...connected.hosts, ...others.hosts]);
    const isNeeded = ([name]: readonly [HostName, Host]): boolean =>
      connected.hosts.has(name) && (needs?.includes(name) ?? true);
    const restored: HostName[] = [];
    const lock = await lockHosts(
      {
        hosts: new Map([...all].filter(isNeeded)),
        beside: new Map([...all].filter((one) => !isNeeded(one))),
      },
      {
        owner: { who: context.operator, since: new Date(context.now()).toISOString(), why },
        waitMs: waitSeconds * 1000,
        now: monotonicMs,
        sleep: pause,
        onWait: (host, by) =>
          context.err(
            `${oneLine(`${host}: locked by ${by.who} since ${by.since} for ${by.why}; waiting up to ${waitSeconds} s`)}\n`,
          ),
        onUnlocked: (host, error) => tell(unlockedFinding(host, error)),
        onDrill: (host, drill, error) => {
          restored.push(host);
          tell(drillFinding(host, drill, error));
        },
      },
      context.signal,
    );
    open.push(lock);
    if (restored.length > 0) await settle(inventory, all, restored, context.signal);
    return { ...lock, findings, beside: others.hosts, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Lets hosts take their VIPs back. If that takes too long, the next look at the hosts shows it. */
async function settle(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  restored: readonly HostName[],
  signal: AbortSignal,
): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
  const clock = { now: monotonicMs, sleep: pause };
  await gate(inventory, hosts, ['one-holder', 'settled'], restored, clock, patience).catch(() =>
    signal.throwIfAborted(),
  );
}

const unlockedFinding = (host: HostName, { code, message }: HaupError): Finding => ({
  check: 'reachable',
  level: 'warn',
  host,
  message: `is not locked, because it could not be reached (${code}: ${message})`,
  hint: 'Another operator who can reach it may change it meanwhile. When it is back, haup status shows its state.',
});

const drillFinding = (host: HostName, drill: DrillName, error: HaupError | null): Finding => {
  const message = `the drill ${drill} of haup verify was interrupted there (${faults[drill]})`;
  return error === null
    ? { check: 'drained', level: 'warn', host, message: `${message}: the host has been restored` }
    : {
        check: 'drained',
        level: 'fail',
        host,
        message: `${message}, and the host could not be restored: ${error.message}`,
        hint: `haup service start keepalived --limit ${host}, haup failback ${host}.`,
      };
};
