import type { HostName, Inventory } from '../model/domain.ts';
import { exitCodes } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import type { BuildReport, Finding, Plan } from '../model/plan.ts';
import { buildsOf } from '../plan/build-changes.ts';
import { countChanges } from '../plan/make-plan.ts';
import { printJson } from '../report/json.ts';
import { styleFor } from '../report/stream-style.ts';
import { count } from '../report/words.ts';
import type { ChangeOptions, ChangeDecision, ChangeOutcome, HostChange } from './change-hosts.ts';
import type { Context } from './command-context.ts';
import type { GlobalOptions } from './options.ts';
import { printPlan } from './print-plan.ts';

/** What every apply prints with, loaded while the hosts answer. */
export const loadReports = (): Promise<
  [
    typeof import('../check/status-report.ts'),
    typeof import('../report/status-text.ts'),
    typeof import('../report/plan-text.ts'),
    typeof import('../report/stream-style.ts'),
  ]
> =>
  Promise.all([
    import('../check/status-report.ts'),
    import('../report/status-text.ts'),
    import('../report/plan-text.ts'),
    import('../report/stream-style.ts'),
  ]);

/** The question and the reports of what installs: an apply, a saved plan, a rollback. */
export const applyReports = (
  context: Context,
  options: ChangeOptions,
): Pick<HostChange<ChangeDecision>, 'question' | 'nothing' | 'report'> => ({
  question,
  nothing: async ({ plan, goal, facts }) => {
    if (options.json !== true) await printPlan(context, plan, options);
    return report(context, goal, facts, options, [], []);
  },
  report: async ({ decision: { plan, goal }, hosts, hookFindings }: ChangeOutcome<ChangeDecision>) => {
    const after = await lookAround(goal, hosts, context.signal);
    return report(context, goal, withoutOwnRun(after), options, hookFindings, buildsOf(plan));
  },
});

function question(plan: Plan): string {
  const { changes, hosts } = countChanges(plan);
  return `Make ${count(changes, 'change')} on ${count(hosts, 'host')}?`;
}

/** How everything is now. Exit code 3 when something is wrong, or a hook failed. */
async function report(
  context: Context,
  inventory: Inventory,
  facts: ReadonlyMap<HostName, HostFacts>,
  options: GlobalOptions,
  hookFindings: readonly Finding[],
  builds: readonly BuildReport[],
): Promise<number> {
  const [{ statusReport }, { statusText }] = await loadReports();
  const status = statusReport(inventory, facts, context.now());
  const whole = { ...status, findings: [...status.findings, ...hookFindings] };
  if (options.json === true) printJson(context.out, { type: 'status', ...whole, builds }, 'line');
  else
    context.out(`${statusText(whole, await styleFor(context.stdout), { width: context.stdout.columns })}\n`);
  return status.ok && hookFindings.length === 0 ? exitCodes.ok : exitCodes.findings;
}

/** The command that reports has its hosts locked until it ends: that is no news to its operator. */
export const withoutOwnRun = (facts: ReadonlyMap<HostName, HostFacts>): ReadonlyMap<HostName, HostFacts> =>
  new Map([...facts].map(([host, { lockedBy: _own, ...others }]) => [host, others]));

async function lookAround(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, HostFacts>> {
  const [{ gatherAll }, { statusRequest }, { lookAtWire }] = await Promise.all([
    import('../facts/gather.ts'),
    import('../desired/facts-request.ts'),
    import('./listen-on-wire.ts'),
  ]);
  const request = { ...statusRequest(inventory), running: true };
  const facts = await gatherAll(hosts, () => request, signal);
  return lookAtWire(inventory, hosts, facts, signal);
}
