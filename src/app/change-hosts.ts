import { exitCodes, HaupError, SeveralErrors } from '../model/errors.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import type { Finding, Plan } from '../model/plan.ts';
import { refuseTakeOver } from '../plan/disappearing.ts';
import { refuseDrainedPeers } from '../plan/drained-peers.ts';
import { changedSince, type FactsSnapshot, snapshot } from '../plan/facts-snapshot.ts';
import { countChanges, refuseDowngrades } from '../plan/make-plan.ts';
import { printJson } from '../report/json.ts';
import { makeArtifacts } from './artifacts.ts';
import type { PlannedHosts } from './decide-apply.ts';
import type { Context } from './command-context.ts';
import { planData, printPlan } from './print-plan.ts';
import { agreed, type SessionOptions, withHosts } from './with-hosts.ts';
import { mayTakeOver } from './take-over.ts';

export interface ChangeOptions extends SessionOptions {
  readonly dryRun?: boolean;
  readonly allowDowngrade?: boolean;
  readonly takeOver?: boolean;
}

export interface ChangeDecision extends PlannedHosts {
  /** By whose VIPs the change is judged: the inventory, or what it will be when the plan is done. */
  readonly goal: Inventory;
  /** Printed on stderr before the plan, one line each. */
  readonly notes?: readonly string[];
}

/** Looks at the hosts and decides. `before`: the decision that was shown, when this is the second look. */
export type Decide<D extends ChangeDecision> = (
  hosts: ReadonlyMap<HostName, Host>,
  signal: AbortSignal,
  before: D | null,
) => Promise<D>;

/** A command that changes hosts by a plan. All such commands take the same steps, and differ in what they decide. */
export interface HostChange<D extends ChangeDecision> {
  readonly inventory: Inventory;
  readonly names: readonly HostName[];
  /** The hosts that it cannot do without; absent: all of `names`. */
  readonly needs?: readonly HostName[];
  /** The command line, as another operator and the history show it. */
  readonly command: string;
  /** Runs while the hosts are being connected to. */
  readonly prepare: () => Promise<Decide<D>>;
  /** The plan is carried out as it was shown, or not at all: it is never made again. */
  readonly fixed?: boolean;
  /** Null: the plan needs neither to be shown nor agreed to. */
  readonly question: (plan: Plan) => string | null;
  /** Reports that there is nothing to do. Resolves to the exit code. */
  readonly nothing: (decision: D) => Promise<number>;
  /** Reports what was done. Resolves to the exit code. */
  readonly report: (done: ChangeOutcome<D>) => Promise<number>;
}

export interface ChangeOutcome<D extends ChangeDecision> {
  /** What was carried out. */
  readonly decision: D;
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** About the lock; printed already. */
  readonly lockFindings: readonly Finding[];
  /** Of after-hooks that failed. */
  readonly hookFindings: readonly Finding[];
}

/** Connect, gather, decide, show, ask, lock, look again, change, report. Resolves to the exit code. */
export async function changeHosts<D extends ChangeDecision>(
  context: Context,
  options: ChangeOptions,
  change: HostChange<D>,
): Promise<number> {
  const artifacts = makeArtifacts(context);
  const settings = { names: change.names, prepare: change.prepare, store: artifacts.store };
  const needs = change.needs ?? change.names;
  return withHosts(context, change.inventory, options, { ...settings, needs }, async (session, decide) => {
    const { hosts } = session;
    const decision = await decide(hosts, context.signal, null);
    const question = change.question(decision.plan);
    await show(context, decision, question, options);
    if (countChanges(decision.plan).changes === 0) return change.nothing(decision);
    if (options.dryRun === true) return exitCodes.findings;
    refuseDrainedPeers(decision.plan, change.inventory.vips, decision.facts);
    if (options.allowDowngrade !== true) refuseDowngrades(decision.plan);
    const confirm = async (): Promise<boolean> =>
      (await mayTakeOver(context, decision.plan, options)) &&
      (question === null || agreed(context, options, question));
    const exit = await session.change({ why: change.command, confirm }, async (locked) => {
      if (options.json === true) {
        for (const finding of locked.findings) printJson(context.out, { type: 'finding', finding }, 'line');
      }
      const now = await decide(hosts, locked.signal, decision);
      const wasAsked = question !== null && options.yes !== true;
      const fitting = fits(decision, now, wasAsked || change.fixed === true);
      if (!fitting) {
        context.err('The hosts have changed since the plan was made: it is made again.\n');
        await show(context, now, question, options);
        refuseDrainedPeers(now.plan, change.inventory.vips, now.facts);
        if (options.allowDowngrade !== true) refuseDowngrades(now.plan);
        if (options.takeOver !== true) refuseTakeOver(now.plan);
      }
      const run = fitting ? { ...decision, facts: now.facts } : now;
      const { carryOut } = await import('./carry-out.ts');
      const hookFindings = await carryOut(context, { ...run, ...change, hosts, artifacts }, options, locked);
      return change.report({ decision: run, hosts, lockFindings: locked.findings, hookFindings });
    });
    return exit ?? exitCodes.ok;
  });
}

/** As JSON always; in words only a plan that the operator is asked about. */
async function show(
  context: Context,
  { plan, notes = [] }: ChangeDecision,
  question: string | null,
  options: ChangeOptions,
): Promise<void> {
  if (options.json === true) return printJson(context.out, { type: 'plan', ...planData(plan) }, 'line');
  for (const note of notes) context.err(`${note}\n`);
  if (question !== null && countChanges(plan).changes > 0) await printPlan(context, plan, options);
}

/** Whether the plan still fits the hosts. `strict`: throws PLAN_STALE where it does not. */
function fits(before: ChangeDecision, now: ChangeDecision, strict: boolean): boolean {
  const snapshots = new Map([...before.facts].map(([host, facts]) => [host, snapshot(facts)]));
  if (strict) assertFits(snapshots, now.facts);
  return misfits(snapshots, now.facts).length === 0;
}

/** Throws PLAN_STALE for every host that has changed since the plan was made. */
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
