import type { HostName, Inventory } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { exitCodes } from '../model/errors.ts';
import type { Host } from '../model/host.ts';
import type { BuildReport, Finding } from '../model/plan.ts';
import { printJson } from '../report/json.ts';
import type { Context } from './command-context.ts';
import type { GlobalOptions } from './options.ts';
import { styleFor } from '../report/stream-style.ts';

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

/** What a change has done, beside how everything is after it. */
export interface Done {
  /** Of hooks. */
  readonly findings: readonly Finding[];
  readonly builds: readonly BuildReport[];
}

/** The last word of a change: how everything is now. Exit code 3 when something is wrong, or a hook failed. */
export async function reportOutcome(
  context: Context,
  inventory: Inventory,
  facts: ReadonlyMap<HostName, HostFacts>,
  options: GlobalOptions,
  { findings: hooks, builds }: Done = { findings: [], builds: [] },
): Promise<number> {
  const [{ statusReport }, { statusText }] = await loadReports();
  const status = statusReport(inventory, facts, context.now());
  const report = { ...status, findings: [...status.findings, ...hooks] };
  if (options.json === true) printJson(context.out, { type: 'status', ...report, builds }, 'line');
  else
    context.out(`${statusText(report, await styleFor(context.stdout), { width: context.stdout.columns })}\n`);
  return report.ok && hooks.length === 0 ? exitCodes.ok : exitCodes.findings;
}

export async function lookAround(
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
