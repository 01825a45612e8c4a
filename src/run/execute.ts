import type { HostName } from '../model/domain.ts';
import { type ErrorCode, HaupError, SeveralErrors } from '../model/errors.ts';
import type { Action } from '../model/action.ts';
import type { Host } from '../model/host.ts';
import type { Change, HostWork, Plan, Stage } from '../model/plan.ts';
import type { ExecuteOptions, KeptConnections } from './execute-options.ts';
import { failureOf, rejection, throwFailures } from '../base/failures.ts';
import { hostRound, type Round, reasonOf, uninterrupted } from './host-round.ts';
import { agreedMoments } from './agreed-moment.ts';
import { putBack } from './put-back.ts';

/**
 * Makes the changes of a plan: the only caller of Host.act in an apply. Tracks run in parallel; in a
 * track the stages in order, each ended by its gate; in a stage the hosts in parallel. A host that
 * fails stops its own track, and the other tracks go on. Rejects with every failure at once.
 */
export async function execute(
  plan: Plan,
  hosts: ReadonlyMap<HostName, Host>,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<void> {
  const outcomes = await Promise.allSettled(
    plan.tracks.map((stages) => runTrack(stages, hosts, options, signal)),
  );
  throwFailures(outcomes);
}

async function runTrack(
  stages: readonly Stage[],
  hosts: ReadonlyMap<HostName, Host>,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<void> {
  /** Hosts whose turn has come: of the others, prepared or not, nothing can be asked yet. */
  const members = new Set<HostName>();
  for (const stage of stages) {
    if (signal.aborted) throw signal.reason;
    if (stage.gate.length > 0) for (const { host } of stage.work) members.add(host);
    const begun = new Map<Host, Change[]>();
    const keeping = new Set<KeptConnections>();
    const told: HostWork[] = [];
    const made =
      (await turnFailure(stage, told, options)) ??
      (await keepStates(stage, stages, hosts, options)) ??
      (await stageFailure(stage, hosts, { begun, keeping }, options, signal));
    const failure =
      made ?? (await gateFailure(stage, [...members], options, endingOf(stage, 1, signal, options)));
    // A host that is lost now has made the change, or makes it by itself: going back would part the others from it.
    if (made === null && goesForward(stage, Number.POSITIVE_INFINITY, failure)) begun.clear();
    // Another run may be at work by now: the next apply finishes what is half done.
    if (options.taken.aborted) begun.clear();
    // At once: hosts that change together must also go back together.
    if (failure !== null)
      await Promise.all([...begun].map(([host, changes]) => putBack(host, changes, stage, options)));
    const left = await endKept(keeping, failure, options, signal);
    for (const { host, changes } of told) await options.turns.after(host, changes, failure);
    if (failure !== null) throw failure;
    if (left !== null) throw left;
  }
}

/**
 * Waits for connections that are kept. After a failure VIPs are back where they were, or anywhere: there is nothing to
 * wait for. Null: they have ended; else why they are left to the hosts' own timers.
 */
async function endKept(
  keeping: ReadonlySet<KeptConnections>,
  failure: unknown,
  { taken }: Pick<ExecuteOptions, 'taken'>,
  signal: AbortSignal,
): Promise<unknown> {
  // Whoever has the lock now may keep connections of the same VIPs.
  if (taken.aborted) return null;
  const ended = await Promise.allSettled(
    [...keeping].map((kept) => (failure === null ? kept.end(signal) : kept.abandon())),
  );
  return failureOf(ended);
}

/** Tells of each host's turn before it begins; a stage without a gate goes unnoticed and is no turn. */
async function turnFailure(
  stage: Stage,
  told: HostWork[],
  { turns, emit }: ExecuteOptions,
): Promise<unknown> {
  if (stage.gate.length === 0) return null;
  for (const work of stage.work) {
    try {
      await turns.before(work.host, work.changes);
      told.push(work);
    } catch (error) {
      if (error instanceof HaupError) emit({ type: 'failed', host: work.host, error });
      return error;
    }
  }
  return null;
}

async function stageFailure(
  stage: Stage,
  hosts: ReadonlyMap<HostName, Host>,
  { begun, keeping }: Pick<Round, 'begun' | 'keeping'>,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<unknown> {
  const rounds = new Set(stage.work.flatMap(({ changes }) => changes.map(({ round }) => round ?? 0)));
  const lost = new Map<HostName, HaupError>();
  for (const round of [...rounds].sort((a, b) => a - b)) {
    const ending = endingOf(stage, round, signal, options);
    const left = { ...stage, work: stage.work.filter(({ host }) => !lost.has(host)) };
    let failure: unknown = null;
    const moments = await agreedMoments(left, round, hosts, options, ending).catch((error: unknown) => {
      failure = error;
      return new Map<HostName, number>();
    });
    if (failure === null || goesForward(stage, round, failure)) {
      const outcomes = await Promise.allSettled(
        left.work.map((work) =>
          hostRound(work, round, moments, { hosts, begun, lost, keeping, options, ending }),
        ),
      );
      failure = failureOf([...outcomes, ...(failure === null ? [] : [rejection(failure)])]);
    }
    if (failure === null) continue;
    if (!goesForward(stage, round, failure)) {
      if (lost.size === 0) return failure;
      begun.clear();
      return failureOf([...lost.values(), failure].map(rejection));
    }
    for (const error of failure instanceof SeveralErrors ? failure.errors : [failure]) {
      if (error instanceof HaupError && error.host !== undefined) lost.set(error.host, error);
    }
  }
  if (lost.size === 0) return null;
  begun.clear();
  for (const host of lost.keys()) {
    const text = 'was lost while it was changing: it finishes by itself within a minute';
    options.emit({ type: 'said', host, text });
  }
  return failureOf([...lost.values()].map(rejection));
}

/** Once all are entrusted with the rest, a host that is lost goes on by itself, and so must the others. */
function goesForward(stage: Stage, round: number, failure: unknown): boolean {
  const entrusted = stage.work
    .flatMap(({ changes }) => changes)
    .find(({ actions }) => actions.some((action) => action.do === 'entrust'));
  const errors = failure instanceof SeveralErrors ? failure.errors : [failure];
  return (
    entrusted !== undefined &&
    round > (entrusted.round ?? 0) &&
    errors.every((error) => error instanceof HaupError && silent.has(error.code))
  );
}

/** What a host that is cut off looks like from here; the second where its signs of life are asked for seldom. */
const silent: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CONNECTION_LOST', 'COMMAND_TIMED_OUT']);

/**
 * What hosts change together is finished once the first of them may have read it: that takes seconds, and
 * between the two they do not hear each other.
 */
const endingOf = (
  stage: Stage,
  round: number,
  signal: AbortSignal,
  { taken }: Pick<ExecuteOptions, 'taken'>,
): AbortSignal => (stage.together !== undefined && round > 0 ? taken : signal);

/** Once for each host, before its first change that can be noticed: what `haup rollback` goes back to. */
async function keepStates(
  stage: Stage,
  track: readonly Stage[],
  hosts: ReadonlyMap<HostName, Host>,
  { label, log }: ExecuteOptions,
): Promise<unknown> {
  const titles = (name: HostName): readonly string[] =>
    track
      .flatMap(({ work }) => work)
      .flatMap(({ host, changes }) => (host === name ? changes.map(({ title }) => title) : []));
  const outcomes = await Promise.allSettled(
    stage.work.map(async ({ host: name, keep, keepRules }) => {
      if (keep === undefined) return;
      log(name, '── keep the state as it is now');
      const about = { label: { ...label, changes: titles(name) }, services: keep };
      const action: Action = { do: 'keep-state', ...about, ...(keepRules ? { firewall: keepRules } : {}) };
      await hosts.get(name)?.act(action, uninterrupted);
    }),
  );
  return failureOf(outcomes);
}

async function gateFailure(
  stage: Stage,
  members: readonly HostName[],
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<unknown> {
  if (stage.gate.length === 0) return null;
  return options.gate(stage.gate, members, signal, stage).then(
    () => null,
    (error: unknown) => reasonOf(error, signal),
  );
}
