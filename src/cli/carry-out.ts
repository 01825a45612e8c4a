import type { Tarball } from '../model/desired.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { exitCodes, HaupError, SeveralErrors } from '../model/errors.ts';
import type { Host } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import { buildsOf } from '../plan/builds.ts';
import { countChanges, refuseDowngrades } from '../plan/plan.ts';
import { refuseTakeOver } from '../plan/disappearing.ts';
import { moved, standing, type Standing } from '../plan/standing.ts';
import { printJson } from '../report/json.ts';
import { count } from '../report/words.ts';
import { type PackStore, packStore } from '../run/packs.ts';
import type { Store } from '../ssh/actions.ts';
import type { Context } from './context.ts';
import { mayTakeOver } from './take-over.ts';
import { lockFor, type LockWish, takenAway } from './locked.ts';
import { lookAround, reportOutcome } from './outcome.ts';
import { type Made, packDirectory, planData, printPlan } from './plan.ts';
import type { GlobalOptions } from './program.ts';

/** What a run pushes to hosts: tarballs that were downloaded, builds that were made or kept. */
export interface Stock {
  readonly tarballs: Map<string, Uint8Array>;
  readonly packs: PackStore;
  readonly store: Store;
}

export function makeStock(context: Context): Stock {
  const tarballs = new Map<string, Uint8Array>();
  const packs = packStore(packDirectory(context));
  const tarball = ({ name, sha256 }: Tarball): Uint8Array => {
    const bytes = tarballs.get(sha256);
    if (bytes === undefined) throw new Error(`${name} was not downloaded before it was needed`);
    return bytes;
  };
  return { tarballs, packs, store: { tarball, pack: packs.bytes } };
}

/** A plan that was agreed to, and all that is needed to carry it out. */
export interface Undertaking {
  readonly inventory: Inventory;
  /** By whose VIPs everything is judged: the inventory, or what it will be when the plan is done. */
  readonly goal: Inventory;
  readonly plan: Plan;
  /** How the hosts stood when the plan was made. */
  readonly standing: ReadonlyMap<HostName, Standing>;
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** Asks the hosts again what the plan was made from. */
  readonly look: (signal: AbortSignal) => Promise<ReadonlyMap<HostName, HostFacts>>;
  /** Makes the plan again; absent: it is this very plan or none. */
  readonly remake?: (signal: AbortSignal) => Promise<Made>;
  readonly stock: Stock;
  /** The command line, as another operator and the history show it. */
  readonly command: string;
}

export interface AgreeOptions extends GlobalOptions, LockWish {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly allowDowngrade?: boolean;
  readonly takeOver?: boolean;
}

/** Shows the plan, asks, and carries it out. Resolves to the exit code. */
export async function showAndCarryOut(
  context: Context,
  task: Undertaking,
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
async function carryOut(context: Context, task: Undertaking, options: AgreeOptions): Promise<number> {
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
  task: Undertaking,
  options: AgreeOptions,
  signal: AbortSignal,
): Promise<{ readonly fit: Undertaking; readonly before: ReadonlyMap<HostName, HostFacts> }> {
  const now = await task.look(signal);
  if (options.yes !== true || task.remake === undefined) assertFits(task.standing, now);
  else if (misfits(task.standing, now).length > 0) {
    context.err('The hosts have changed since the plan was made: it is made again.\n');
    const { plan, facts } = await task.remake(signal);
    await show(context, plan, options);
    if (options.allowDowngrade !== true) refuseDowngrades(plan);
    if (options.takeOver !== true) refuseTakeOver(plan);
    return { fit: { ...task, plan, standing: standingOf(facts) }, before: facts };
  }
  return { fit: task, before: now };
}

export const standingOf = (facts: ReadonlyMap<HostName, HostFacts>): ReadonlyMap<HostName, Standing> =>
  new Map([...facts].map(([host, one]) => [host, standing(one)]));

/** Throws PLAN_STALE for every host that is not any more as the plan takes it to be. */
export function assertFits(
  before: ReadonlyMap<HostName, Standing>,
  now: ReadonlyMap<HostName, HostFacts>,
): void {
  const [first, ...rest] = misfits(before, now);
  if (first !== undefined) throw rest.length === 0 ? first : new SeveralErrors([first, ...rest]);
}

function misfits(
  before: ReadonlyMap<HostName, Standing>,
  now: ReadonlyMap<HostName, HostFacts>,
): readonly HaupError[] {
  return [...before].flatMap(([host, was]) => {
    const facts = now.get(host);
    const changes = facts === undefined ? ['it was not asked'] : moved(was, standing(facts));
    if (changes.length === 0) return [];
    return new HaupError('PLAN_STALE', 'The host has changed since the plan was made.', {
      host,
      hint: 'Nothing was changed. Make the plan again.',
      detail: changes.slice(0, 15),
    });
  });
}
