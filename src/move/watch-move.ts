import type { HostName } from '../model/domain.ts';
import type { Action } from '../model/action.ts';
import type { ReadScript } from '../model/host.ts';
import type { Span } from '../model/report.ts';
import type { Bound } from '../measure/bounds.ts';
import { isAnswered, type Sample } from '../measure/outage.ts';
import type { OpenConnections } from '../measure/connection-clients.ts';
import type { Sampler } from '../measure/sampler.ts';
import type { Watch } from '../measure/address-watch.ts';

/** The world of a drill or a failover. `now` is monotonic, in milliseconds. */
export interface DrillEnvironment {
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Samples the addresses, `limitMs` at the longest. */
  readonly sample: (addresses: readonly string[], limitMs: number, signal: AbortSignal) => Promise<Sampler>;
  /** Opens connections to each of the addresses and holds them. */
  readonly connect: (addresses: readonly string[], signal: AbortSignal) => Promise<OpenConnections>;
  readonly watch: Watch;
  /** Not interrupted by Ctrl-C: a host is never left half way. Resolves to what the host said. */
  readonly act: (host: HostName, action: Action) => Promise<string>;
  readonly read: (host: HostName, script: ReadScript) => Promise<Uint8Array>;
  /** A line for the person who waits. */
  readonly say: (text: string, host?: HostName) => void;
  /** Absent: no host may reboot. */
  readonly reboots?: RebootingHosts;
}

/** Hosts that go away on purpose and come back. */
export interface RebootingHosts {
  /** Before the reboot: its lock and its watch may end. */
  readonly leave: (host: HostName) => Promise<void>;
  /**
   * Resolves when the host has booted anew, is connected, locked and watched: to null, or after `limitMs` to why it is
   * not. `waiting` is told why after each try.
   */
  readonly rejoin: (
    host: HostName,
    limitMs: number,
    signal: AbortSignal,
    waiting: (why: string) => void,
  ) => Promise<string | null>;
}

/** A VIP that is to move. */
export interface ExpectedMove {
  readonly address: string;
  readonly to: HostName;
  readonly bound: Bound;
  /** A host whose kernel cannot be heard: what it said last does not count. */
  readonly unheard?: HostName;
  /** Another host that keeps the VIP. */
  readonly beside?: HostName;
  /** Watch at least so long, counted from the command. */
  readonly leastMs?: number;
}

export interface ObservedMove {
  /** From the command to the end of the watching. */
  readonly window: Span;
  /** Address → when the new holder had it alone and answered there. Absent: it did not. */
  readonly arrived: ReadonlyMap<string, number>;
}

/** Watching goes on this long after the last VIP has arrived, so that a late loss is seen. */
export const settleMs = 1_000;

/** Beyond the bound: for the command to get there, and for a daemon to stop or start. */
export const patienceMs = 8_000;

/** Of one action: also a daemon that is slow to stop is stopped by then. */
export const actLimitMs = 90_000;

const pollMs = 10;

/**
 * Gives the command, and watches until every VIP is held by its new holder alone and answered by it; `whenArrived` is
 * called then, before the settling.
 */
export async function watchMove(
  environment: DrillEnvironment,
  sampler: Sampler,
  moves: readonly ExpectedMove[],
  command: () => Promise<void>,
  signal: AbortSignal,
  settlingMs: number = settleMs,
  whenArrived: () => void = () => {},
): Promise<ObservedMove> {
  const fromMs = environment.now();
  const limitMs = Math.max(0, ...moves.map(({ bound }) => bound.withinMs)) + patienceMs;
  const arrived = new Map<string, number>();
  // A daemon may take longer to stop than its VIP to move, so the watching does not wait for the command.
  let deadlineMs = Number.POSITIVE_INFINITY;
  const given = new AbortController();
  const commanded = command().then(
    () => {
      deadlineMs = environment.now() + limitMs;
    },
    (error: unknown) => {
      given.abort(error);
      throw error;
    },
  );
  const watched = until(
    environment,
    () => deadlineMs,
    AbortSignal.any([signal, given.signal]),
    () => {
      for (const move of moves) {
        const { address, to, leastMs = 0 } = move;
        if (arrived.has(address) || environment.now() - fromMs < leastMs) continue;
        if (!isServedBy(environment, sampler, move, fromMs)) continue;
        arrived.set(address, environment.now());
        environment.say(
          `${address} is held and answered by ${to} after ${Math.round(environment.now() - fromMs)} ms`,
        );
      }
      if (arrived.size < moves.length) return false;
      whenArrived();
      return true;
    },
  );
  // Also when the watching breaks off: a command under way is never left alone.
  const [outcome] = await Promise.allSettled([watched, commanded]);
  await commanded;
  if (outcome.status === 'rejected') throw outcome.reason;
  await environment.sleep(settlingMs, signal);
  return { window: { fromMs, toMs: environment.now() }, arrived };
}

/** What must hold for `steadyMs` before anything is broken. */
export interface SteadyCheck {
  readonly address: string;
  readonly host: HostName;
  /** Other VIPs, each held by one host alone, whichever it is. */
  readonly beside?: readonly string[];
  readonly steadyMs: number;
  readonly limitMs: number;
}

/** A longer wait is explained. */
const unsaidMs = 1_000;

/**
 * Waits until the VIP is held by `host` alone, and answered by it, for as long as `steadyMs`. False: it was not.
 * `waiting` is called once, when that takes a moment.
 */
export async function isSteady(
  environment: DrillEnvironment,
  sampler: Sampler,
  { address, host, beside = [], steadyMs, limitMs }: SteadyCheck,
  signal: AbortSignal,
  waiting: () => void = () => {},
): Promise<boolean> {
  const start = environment.now();
  const single = (other: string): boolean => environment.watch.holders(other).length === 1;
  let since: number | null = null;
  let told = false;
  return until(
    environment,
    () => start + limitMs,
    signal,
    () => {
      if (!isServedBy(environment, sampler, { address, to: host }, start) || !beside.every(single))
        since = null;
      else since ??= environment.now();
      if (since === null && !told && environment.now() - start > unsaidMs) {
        told = true;
        waiting();
      }
      return since !== null && environment.now() - since >= steadyMs;
    },
  );
}

function isServedBy(
  environment: DrillEnvironment,
  sampler: Sampler,
  { address, to, unheard, beside }: Omit<ExpectedMove, 'bound'>,
  afterMs: number,
): boolean {
  const holders = environment.watch.holders(address).filter((host) => host !== unheard);
  const wanted = beside === undefined ? [to] : [to, beside];
  const last: Sample | undefined = sampler.of(address).findLast(isAnswered);
  if (holders.length !== wanted.length || !wanted.every((host) => holders.includes(host))) return false;
  if (last === undefined || last.sentAt < afterMs) return false;
  // An answer without a status has no name either: it is a holder's.
  return last.status === null || (last.host !== null && wanted.includes(last.host));
}

async function until(
  environment: DrillEnvironment,
  deadlineMs: () => number,
  signal: AbortSignal,
  met: () => boolean,
): Promise<boolean> {
  for (;;) {
    signal.throwIfAborted();
    if (met()) return true;
    if (environment.now() > deadlineMs()) return false;
    await environment.sleep(pollMs, signal);
  }
}
