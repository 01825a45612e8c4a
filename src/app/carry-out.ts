import type { HostName } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { exitCodes, HaupError, SeveralErrors } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import { buildsOf } from '../plan/build-changes.ts';
import { countChanges, refuseDowngrades } from '../plan/make-plan.ts';
import { refuseTakeOver } from '../plan/disappearing.ts';
import { changedSince, snapshot, type FactsSnapshot } from '../plan/facts-snapshot.ts';
import { printJson } from '../report/json.ts';
import { count } from '../report/words.ts';
import type { Context } from './command-context.ts';
import type { ApplyRun } from './apply-run.ts';
import { mayTakeOver } from './take-over.ts';
import { lockFor, type LockWish, takenAway } from './cluster-lock.ts';
import { lookAround, reportOutcome } from './outcome.ts';
import { planData, printPlan } from './print-plan.ts';
import type { GlobalOptions } from './options.ts';

export interface AgreeOptions extends GlobalOptions, LockWish {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly allowDowngrade?: boolean;
  readonly takeOver?: boolean;
}

/** Shows the plan, asks, and carries it out. Resolves to the exit code. */
export async function showAndCarryOut(
  context: Context,
  task: ApplyRun,
  facts: ReadonlyMap<HostName, HostFacts>,
  options: AgreeOptions,
): Promise<number> {
  const { inventory, plan } = task;
  await show(context, plan, options);
  const { changes, hosts } = countChanges(plan);
  if (changes === 0) return reportOutcome(context, inventory, facts, options);
  if (options.dryRun === true) return exitCodes.findings;
  if (options.allowDowngrade !== true) refuseDowngrades(plan);
  if (!(await mayTakeOver(context, plan, options))) {
    context.err('Nothing was changed.\n');
    return exitCodes.ok;
  }
  if (
    options.yes !== true &&
    !(await context.confirm(`Make ${count(changes, 'change')} on ${count(hosts, 'host')}?`))
  ) {
    context.err('Nothing was changed.\n');
    return exitCodes.ok;
  }
  return carryOut(context, task, options);
}

async function show(context: Context, plan: Plan, options: AgreeOptions): Promise<void> {
  if (options.json === true) printJson(context.out, { type: 'plan', ...planData(plan) }, 'line');
  else await printPlan(context, plan, options);
}

/** Locks, looks whether the plan still fits, changes, and says how everything is. */
async function carryOut(context: Context, task: ApplyRun, options: AgreeOptions): Promise<number> {
  const { inventory, goal, hosts, command } = task;
  const { act } = await import('./act.ts');
  await using lock = await lockFor(
    context,
    { inventory, connected: { hosts, failures: new Map() }, why: command },
    options,
  );
  if (options.json === true) {
    for (const finding of lock.findings) printJson(context.out, { type: 'finding', finding }, 'line');
  }
  const signal = AbortSignal.any([context.signal, lock.lost]);
  const { fit, before } = await fitting(context, task, options, signal);
  const findings =
    countChanges(fit.plan).changes === 0
      ? []
      : await act({ ...context, signal }, fit, options, takenAway(lock), before);
  if (context.signal.aborted) {
    throw new HaupError('INTERRUPTED', 'Interrupted, when every change had been made.', {
      hint: 'haup status shows how everything is now.',
    });
  }
  const after = await lookAround(goal, hosts, context.signal);
  return reportOutcome(context, goal, after, options, { findings, builds: buildsOf(fit.plan) });
}

/**
 * Between showing the plan and having the lock, somebody else may have been at work: then a plan that
 * somebody has looked at is not run. One that nobody was asked about is made again, and shown.
 */
async function fitting(
  context: Context,
  task: ApplyRun,
  options: AgreeOptions,
  signal: AbortSignal,
): Promise<{ readonly fit: ApplyRun; readonly before: ReadonlyMap<HostName, HostFacts> }> {
  const now = await task.look(signal);
  if (options.yes !== true || task.remake === undefined) assertFits(task.standing, now);
  else if (misfits(task.standing, now).length > 0) {
    context.err('The hosts have changed since the plan was made: it is made again.\n');
    const { plan, facts } = await task.remake(signal);
    await show(context, plan, options);
    if (options.allowDowngrade !== true) refuseDowngrades(plan);
    if (options.takeOver !== true) refuseTakeOver(plan);
    return { fit: { ...task, plan, standing: snapshotsOf(facts) }, before: facts };
  }
  return { fit: task, before: now };
}

export const snapshotsOf = (facts: ReadonlyMap<HostName, HostFacts>): ReadonlyMap<HostName, FactsSnapshot> =>
  new Map([...facts].map(([host, one]) => [host, snapshot(one)]));

/** Throws PLAN_STALE for every host that is not any more as the plan takes it to be. */
export function assertFits(
  before: ReadonlyMap<HostName, FactsSnapshot>,
  now: ReadonlyMap<HostName, HostFacts>,
): void {
  const [first, ...rest] = misfits(before, now);
  if (first !== undefined) throw rest.length === 0 ? first : new SeveralErrors([first, ...rest]);
}

function misfits(
  before: ReadonlyMap<HostName, FactsSnapshot>,
  now: ReadonlyMap<HostName, HostFacts>,
): readonly HaupError[] {
  return [...before].flatMap(([host, was]) => {
    const facts = now.get(host);
    const changes = facts === undefined ? ['it was not asked'] : changedSince(was, snapshot(facts));
    if (changes.length === 0) return [];
    return new HaupError('PLAN_STALE', 'The host has changed since the plan was made.', {
      host,
      hint: 'Nothing was changed. Make the plan again.',
      detail: changes.slice(0, 15),
    });
  });
}
