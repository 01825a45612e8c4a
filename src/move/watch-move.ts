import type { HostName } from '../model/domain.ts';
import type { Action } from '../model/action.ts';
import type { ReadScript } from '../model/host.ts';
import type { Span } from '../model/report.ts';
import type { Bound } from '../measure/bounds.ts';
import { isAnswered, type Sample } from '../measure/outage.ts';
import type { Sampler } from '../measure/sampler.ts';
import type { Watch } from '../measure/address-watch.ts';

/** The world of a drill or a failover. `now` is monotonic, in milliseconds. */
export interface DrillEnvironment {
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Samples the addresses, `limitMs` at the longest. */
  readonly sample: (addresses: readonly string[], limitMs: number, signal: AbortSignal) => Promise<Sampler>;
  readonly watch: Watch;
  /** Not interrupted by Ctrl-C: a host is never left half way. */
  readonly act: (host: HostName, action: Action) => Promise<void>;
  readonly read: (host: HostName, script: ReadScript) => Promise<Uint8Array>;
  /** A line for the person who waits. */
  readonly say: (text: string, host?: HostName) => void;
}

/** A VIP that is to go somewhere. */
export interface ExpectedMove {
  readonly address: string;
  readonly to: HostName;
  readonly bound: Bound;
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

/** Gives the command, and watches until every VIP is held by its new holder alone and answered by it. */
export async function watchMove(
  environment: DrillEnvironment,
  sampler: Sampler,
  passages: readonly ExpectedMove[],
  command: () => Promise<void>,
  signal: AbortSignal,
): Promise<ObservedMove> {
  const fromMs = environment.now();
  const limitMs = Math.max(0, ...passages.map(({ bound }) => bound.withinMs)) + patienceMs;
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
      for (const { address, to } of passages) {
        if (arrived.has(address) || !isServedBy(environment, sampler, address, to, fromMs)) continue;
        arrived.set(address, environment.now());
        environment.say(
          `${address} is held and answered by ${to} after ${Math.round(environment.now() - fromMs)} ms`,
        );
      }
      return arrived.size === passages.length;
    },
  );
  // Also when the watching breaks off: a command under way is never left alone.
  const [outcome] = await Promise.allSettled([watched, commanded]);
  await commanded;
  if (outcome.status === 'rejected') throw outcome.reason;
  await environment.sleep(settleMs, signal);
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

/** Longer than this nobody waits without being told what for. */
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
      if (!isServedBy(environment, sampler, address, host, start) || !beside.every(single)) since = null;
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
  address: string,
  host: HostName,
  afterMs: number,
): boolean {
  const holders = environment.watch.holders(address);
  const last: Sample | undefined = sampler.of(address).findLast(isAnswered);
  if (holders.length !== 1 || holders[0] !== host || last === undefined) return false;
  // An answer without a status has no name either: it is the holder's.
  return (last.status === null || last.host === host) && last.sentAt >= afterMs;
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
