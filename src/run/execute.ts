import type { HostName } from '../model/domain.ts';
import { HaupError, SeveralErrors } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Action, Change, CheckName, Host, Plan, Stage } from '../model/plan.ts';

export interface ExecuteOptions {
  readonly emit: Emit;
  readonly now: () => number;
  /** Every line that a host prints while it is changed, for the log. */
  readonly log: (host: HostName, line: string) => void;
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
    const outcomes = await Promise.allSettled(
      stage.work.map(async ({ host: name, changes }) => {
        const host = hosts.get(name);
        if (host === undefined)
          throw new HaupError('HOST_UNKNOWN', `${name} is in the plan but not connected.`, { host: name });
        for (const change of changes) await makeChange(host, change, options, signal);
      }),
    );
    throwFailures(outcomes);
    if (stage.gate.length > 0) await options.gate(stage.gate, members, signal);
  }
}

async function makeChange(
  host: Host,
  change: Change,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<void> {
  const { emit, now, log } = options;
  const started = now();
  emit({ type: 'changing', host: host.name, change });
  for (const action of change.actions) {
    // Between two actions everything is whole; inside one it is the host's script that keeps it so.
    if (signal.aborted) throw signal.reason;
    if (change.actions.length > 1) emit({ type: 'step', host: host.name, change, note: noteOf(action) });
    log(host.name, `── ${change.title}: ${noteOf(action)}`);
    try {
      await host.act(action, signal, (line) => log(host.name, line));
    } catch (error) {
      if (error instanceof HaupError) emit({ type: 'failed', host: host.name, error });
      throw error;
    }
  }
  emit({ type: 'changed', host: host.name, change, ms: now() - started });
}

/** The name of an action as the operator knows it. */
function noteOf(action: Action): string {
  switch (action.do) {
    case 'upload':
      return 'push the tarball';
    case 'configure':
      return './configure';
    case 'make':
      return 'make';
    case 'make-install':
      return 'make install';
    case 'clean-build':
      return 'clean up';
    case 'service':
      return action.verb;
    default:
      return action.do.replace('-', ' ');
  }
}

/** One failure is thrown as it is, several as SeveralErrors; an unexpected one before all others. */
export function throwFailures(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  const errors = reasons.flatMap((reason) =>
    reason instanceof SeveralErrors ? [...reason.errors] : reason instanceof HaupError ? [reason] : [],
  );
  const unexpected = reasons.find((reason) => !(reason instanceof HaupError));
  if (unexpected !== undefined) throw unexpected;
  const [first, ...rest] = errors;
  if (first === undefined) return;
  if (first.code === 'INTERRUPTED' || rest.length === 0) throw first;
  throw new SeveralErrors([first, ...rest]);
}
