import type { HostName } from '../model/domain.ts';
import { HaupError, SeveralErrors } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import { sayMark } from '../model/layout.ts';
import type { Action, Change, CheckName, Host, Plan, Stage } from '../model/plan.ts';
import type { PackStore } from './packs.ts';

export interface ExecuteOptions {
  readonly emit: Emit;
  readonly now: () => number;
  /** Every line that a host prints while it is changed, for the log. */
  readonly log: (host: HostName, line: string) => void;
  /** Builds on their way from host to host. */
  readonly packs: Pick<PackStore, 'ready' | 'put' | 'fail'>;
  /** Resolves when the checks hold for the hosts of a track, rejects with GATE_FAILED. */
  readonly gate: (
    checks: readonly CheckName[],
    hosts: readonly HostName[],
    signal: AbortSignal,
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
  const members = [...new Set(stages.flatMap((stage) => stage.work.map(({ host }) => host)))];
  for (const stage of stages) {
    const begun = new Map<Host, Change[]>();
    const outcomes = await Promise.allSettled(
      stage.work.map(async ({ host: name, changes }) => {
        const host = hosts.get(name);
        if (host === undefined) {
          throw new HaupError('HOST_UNKNOWN', `${name} is in the plan but not connected.`, { host: name });
        }
        const mine: Change[] = [];
        begun.set(host, mine);
        try {
          for (const change of changes) {
            // A set of files is swapped whole or not at all: where that fails there is nothing to put back.
            const atomic = change.actions.every((action) => action.do === 'write');
            if (!atomic) mine.push(change);
            await makeChange(host, change, options, signal);
            if (atomic) mine.push(change);
            if (change.after !== undefined) await options.gate(change.after, [name], signal);
          }
        } catch (error) {
          // Others may be waiting for what this host was to build.
          for (const action of changes.flatMap(({ actions }) => actions)) {
            if (action.do === 'pack-build') options.packs.fail(action.pack, error);
          }
          throw error;
        }
      }),
    );
    const failure = failureOf(outcomes) ?? (await gateFailure(stage, members, options, signal));
    if (failure === null) continue;
    for (const [host, changes] of begun) await putBack(host, changes, options);
    throw failure;
  }
}

async function gateFailure(
  stage: Stage,
  members: readonly HostName[],
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<unknown> {
  if (stage.gate.length === 0) return null;
  return options.gate(stage.gate, members, signal).then(
    () => null,
    (error: unknown) => error,
  );
}

/**
 * Puts a host back as it was before the stage that failed. It runs to its end also after Ctrl-C: half
 * a change is worse than a second of waiting. A host that cannot be put back is said to be so, and
 * stays drained if it was drained for the change: its peers serve.
 */
async function putBack(host: Host, changes: readonly Change[], options: ExecuteOptions): Promise<void> {
  const undo = changes.flatMap((change) => change.undo ?? []);
  const drained = changes.some(({ id }) => id === 'drain');
  if (undo.length === 0 && !drained) return;
  const { emit, log } = options;
  const patience = AbortSignal.timeout(putBackLimitMs);
  emit({ type: 'said', host: host.name, text: 'putting it back as it was' });
  try {
    for (const action of undo) {
      log(host.name, `── put back: ${noteOf(action)}`);
      // A file that was never swapped in needs no putting back, and says so by being stale.
      await host
        .act(action, patience, (line) => log(host.name, line))
        .catch((error: unknown) => {
          if (!(error instanceof HaupError && error.code === 'PLAN_STALE')) throw error;
        });
    }
    if (drained) {
      await options.gate(['services'], [host.name], patience);
      await host.act({ do: 'undrain' }, patience);
    }
    emit({ type: 'said', host: host.name, text: 'it is as it was before' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const left = drained
      ? ` It stays drained, and its peers serve. Once it is mended: haup failback ${host.name}`
      : '';
    emit({ type: 'said', host: host.name, text: `it could not be put back: ${reason}${left}` });
  }
}

async function makeChange(
  host: Host,
  change: Change,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<void> {
  const { emit, now, log, packs } = options;
  const started = now();
  emit({ type: 'changing', host: host.name, change });
  for (const action of change.actions) {
    // Between two actions everything is whole; inside one it is the host's script that keeps it so.
    if (signal.aborted) throw signal.reason;
    if (change.actions.length > 1) emit({ type: 'step', host: host.name, change, note: noteOf(action) });
    log(host.name, `── ${change.title}: ${noteOf(action)}`);
    try {
      // What can be dropped at any moment is; the rest is short, and is finished rather than left half done.
      const patience = interruptible.has(action.do) ? signal : uninterrupted;
      if (action.do === 'place-build' && action.from === 'haup') await packs.ready(action.pack, signal);
      const { pack } = await host.act(action, patience, (line) => {
        log(host.name, line);
        if (line.startsWith(sayMark))
          emit({ type: 'said', host: host.name, text: line.slice(sayMark.length) });
      });
      if (action.do === 'pack-build' && pack !== undefined) await packs.put(action.pack, pack);
    } catch (caught) {
      // An action that was broken off says so; why is what the signal knows: Ctrl-C, or a host that was lost.
      const error: unknown = isInterruption(caught) && signal.aborted ? signal.reason : caught;
      if (error instanceof HaupError) emit({ type: 'failed', host: host.name, error: asSeenOn(host, error) });
      throw error;
    }
  }
  emit({ type: 'changed', host: host.name, change, ms: now() - started });
}

const isInterruption = (error: unknown): boolean =>
  error instanceof HaupError && error.code === 'INTERRUPTED';

/** A host that stops because of another one has not failed in the other's way. */
const asSeenOn = ({ name }: Host, error: HaupError): HaupError =>
  error.host === undefined || error.host === name
    ? error
    : new HaupError(error.code, `It stopped, since ${error.host} failed.`, { host: name });

/** The name of an action as the operator knows it. */
function noteOf(action: Action): string {
  switch (action.do) {
    case 'upload':
      return 'push the tarball';
    case 'configure':
      return './configure';
    case 'make':
      return 'make';
    case 'pack-build':
      return 'make install';
    case 'place-build':
      return 'put it in place';
    case 'clean-build':
      return 'clean up';
    case 'service':
      return action.verb;
    default:
      return action.do.replace('-', ' ');
  }
}

const interruptible: ReadonlySet<Action['do']> = new Set<Action['do']>(['upload', 'configure', 'make']);
const uninterrupted: AbortSignal = new AbortController().signal;

const putBackLimitMs = 120_000;

/** One failure is thrown as it is, several as SeveralErrors; an unexpected one before all others. */
export function throwFailures(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const failure = failureOf(outcomes);
  if (failure !== null) throw failure;
}

function failureOf(outcomes: readonly PromiseSettledResult<unknown>[]): unknown {
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  const unexpected = reasons.find((reason) => !(reason instanceof HaupError));
  if (unexpected !== undefined) return unexpected;
  const errors = reasons.flatMap((reason) =>
    reason instanceof SeveralErrors ? [...reason.errors] : reason instanceof HaupError ? [reason] : [],
  );
  // Hosts that stopped because of one that failed give that one's error.
  const [first, ...rest] = new Set(errors);
  if (first === undefined) return null;
  return first.code === 'INTERRUPTED' || rest.length === 0 ? first : new SeveralErrors([first, ...rest]);
}
