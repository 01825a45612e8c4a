import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { StateLabel } from '../model/history.ts';
import type { Action, Change, CheckName, Host, HostWork, Plan, Stage } from '../model/plan.ts';
import { failureOf, throwFailures } from './failures.ts';
import { makeChange, uninterrupted } from './make-change.ts';
import { agreedMoments, atMoment } from './moment.ts';
import type { PackStore } from './packs.ts';
import { putBack } from './put-back.ts';

export interface ExecuteOptions {
  readonly emit: Emit;
  readonly now: () => number;
  /** Every line that a host prints while it is changed, for the log. */
  readonly log: (host: HostName, line: string) => void;
  /** Builds on their way from host to host. */
  readonly packs: Pick<PackStore, 'ready' | 'put' | 'fail'>;
  /** Whose run this is, for the states that are kept on the hosts. */
  readonly label: Omit<StateLabel, 'changes'>;
  /** A moment at which hosts act together, by the clock of each. */
  readonly agree: (hosts: readonly Host[], signal: AbortSignal) => Promise<ReadonlyMap<HostName, number>>;
  /** Around the part of a host's turn that can be noticed; `before` may refuse it. */
  readonly turns: {
    readonly before: (host: HostName, changes: readonly Change[]) => Promise<void>;
    readonly after: (host: HostName, changes: readonly Change[], failure: unknown) => Promise<void>;
  };
  /** Resolves when the checks hold for the hosts of a track, rejects with GATE_FAILED. */
  readonly gate: (
    checks: readonly CheckName[],
    hosts: readonly HostName[],
    signal: AbortSignal,
    about?: Pick<Stage, 'addresses' | 'settling'>,
  ) => Promise<void>;
}

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
  /** Hosts of the stages so far: of the others nothing can be asked yet. */
  const members = new Set<HostName>();
  for (const stage of stages) {
    if (signal.aborted) throw signal.reason;
    for (const { host } of stage.work) members.add(host);
    const begun = new Map<Host, Change[]>();
    const told: HostWork[] = [];
    const failure =
      (await turnFailure(stage, told, options)) ??
      (await keepStates(stage, stages, hosts, options)) ??
      (await stageFailure(stage, hosts, begun, options, signal)) ??
      (await gateFailure(stage, [...members], options, endingOf(stage, 1, signal)));
    // At once: hosts that change together must also go back together.
    if (failure !== null)
      await Promise.all([...begun].map(([host, changes]) => putBack(host, changes, stage, options)));
    for (const { host, changes } of told) await options.turns.after(host, changes, failure);
    if (failure !== null) throw failure;
  }
}

/** Tells of each host's turn before it begins; what nobody can notice (a stage without a gate) is no turn. */
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
  begun: Map<Host, Change[]>,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<unknown> {
  const rounds = new Set(stage.work.flatMap(({ changes }) => changes.map(({ round }) => round ?? 0)));
  for (const round of [...rounds].sort((a, b) => a - b)) {
    const ending = endingOf(stage, round, signal);
    const moments = await agreedMoments(stage, round, hosts, options, ending).catch((error: unknown) => ({
      error,
    }));
    if ('error' in moments) return moments.error;
    const outcomes = await Promise.allSettled(
      stage.work.map(async (work) => {
        const host = hosts.get(work.host);
        if (host === undefined) {
          throw new HaupError('HOST_UNKNOWN', `${work.host} is in the plan but not connected.`, {
            host: work.host,
          });
        }
        const mine = begun.get(host) ?? [];
        begun.set(host, mine);
        try {
          for (const change of work.changes) {
            if ((change.round ?? 0) !== round) continue;
            // A set of files is swapped whole or not at all: where that fails there is nothing to put back.
            const atomic = change.actions.every((action) => action.do === 'write');
            if (!atomic) mine.push(change);
            const started = options.now();
            await makeChange(host, atMoment(change, moments.get(host.name)), options, ending);
            if (atomic) mine.push(change);
            if (change.after !== undefined) await options.gate(change.after, [work.host], ending, change);
            // Not before: a host is drained when another has its VIPs, not when it was told to give them away.
            options.emit({ type: 'changed', host: host.name, change, ms: options.now() - started });
          }
        } catch (caught) {
          // An action that was broken off says so; why is what the signal knows: Ctrl-C, or a host that was lost.
          const error: unknown = isInterruption(caught) && ending.aborted ? ending.reason : caught;
          if (error instanceof HaupError)
            options.emit({ type: 'failed', host: host.name, error: asSeenOn(host, error) });
          // Others may be waiting for what this host was to build.
          for (const action of work.changes.flatMap(({ actions }) => actions)) {
            if (action.do === 'pack-build') options.packs.fail(action.pack, error);
          }
          throw error;
        }
      }),
    );
    const failure = failureOf(outcomes);
    if (failure !== null) return failure;
  }
  return null;
}

const isInterruption = (error: unknown): boolean =>
  error instanceof HaupError && error.code === 'INTERRUPTED';

/** A host that stops because of another one has not failed in the other's way. */
const asSeenOn = ({ name }: Host, error: HaupError): HaupError =>
  error.host === undefined || error.host === name
    ? error
    : new HaupError(error.code, `It stopped, since ${error.host} failed.`, { host: name });

/**
 * What hosts change together is finished once the first of them may have read it: that takes seconds, and
 * between the two they do not hear each other.
 */
const endingOf = (stage: Stage, round: number, signal: AbortSignal): AbortSignal =>
  stage.together !== undefined && round > 0 ? uninterrupted : signal;

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
    stage.work.map(async ({ host: name, keep }) => {
      if (keep === undefined) return;
      log(name, '── keep the state as it is now');
      const action: Action = { do: 'keep-state', label: { ...label, changes: titles(name) }, services: keep };
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
    (error: unknown) => error,
  );
}
