import type { Disappearing } from '../model/running.ts';
import type { BuildReport, Finding, Plan, PlannedGrace } from '../model/plan.ts';
import { buildsOf } from '../plan/build-changes.ts';
import type { Context } from './command-context.ts';
import type { GlobalOptions } from './options.ts';
import { printFindings } from './print-findings.ts';
import { styleFor } from '../report/stream-style.ts';

/** Prints the plan on stdout: as text, or with --json as one document. */
export async function printPlan(
  context: Context,
  made: Plan,
  options: GlobalOptions,
  findings: readonly Finding[] = [],
): Promise<void> {
  if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    const { changes, ...rest } = planData(made);
    printJson(context.out, { version: 1, pending: changes.length > 0, changes, ...rest, findings }, 'pretty');
    return;
  }
  const { planText } = await import('../report/plan-text.ts');
  const style = await styleFor(context.stdout);
  const text = planText(made, style, {
    diffs: true,
    width: context.stdout.columns,
    verbose: options.verbose === true,
  });
  context.out(`${text}\n`);
  await printFindings(context, findings);
}

/** The plan as data that is safe to print, without bytes of files and without secrets. */
export function planData(made: Plan): {
  /** In the order in which they are made within a cluster. */
  readonly changes: readonly object[];
  /** What hosts change together, and what clients notice of it. */
  readonly together: readonly object[];
  /** VIPs, sites and daemons that will be gone. */
  readonly disappearing: readonly Disappearing[];
  /** What becomes of open connections; null: those to a VIP that moves are reset. */
  readonly grace: PlannedGrace | null;
  readonly builds: readonly BuildReport[];
  readonly same: readonly object[];
} {
  return {
    disappearing: made.disappearing ?? [],
    together: made.tracks
      .flat()
      .flatMap(({ together, work }) =>
        together === undefined ? [] : [{ hosts: work.map(({ host }) => host), ...together }],
      ),
    changes: made.tracks
      .flat()
      .flatMap((stage) => stage.work.map((work) => ({ stage: stage.title, ...work })))
      .flatMap(({ stage, host, changes }) =>
        changes.map(({ id, title, why, build, diffs }) => ({
          stage,
          host,
          id,
          title,
          why,
          ...(build === undefined ? {} : { build }),
          diffs,
        })),
      ),
    grace: made.grace ?? null,
    builds: buildsOf(made),
    same: made.same,
  };
}
