import type { Context } from '../app/command-context.ts';
import { type AgreeOptions, showAndCarryOut, snapshotsOf } from '../app/carry-out.ts';
import { makeArtifacts } from '../app/apply-run.ts';
import { limited, openInventory } from '../app/open-inventory.ts';
import { loadReports } from '../app/outcome.ts';
import { connectAndPrepare, type DecidedPlan } from '../app/prepare-decision.ts';
import { savedPlanAt } from '../app/saved-plan.ts';

export interface ApplyOptions extends AgreeOptions {
  /** False: `--no-cached-builds`. */
  readonly cachedBuilds?: boolean;
}

/** `haup apply`: gather, decide, show, ask, act, report. `path` may name a plan that was saved. */
export async function apply(
  context: Context,
  path: string | undefined,
  options: ApplyOptions,
): Promise<number> {
  const saved = await savedPlanAt(context, path);
  if (saved !== null) return (await import('../app/apply-saved.ts')).applySaved(context, saved, options);
  const inventory = await openInventory(context, path);
  const names = limited(inventory, options.limit);
  const artifacts = makeArtifacts(context);
  const [connected, decide] = await connectAndPrepare(context, inventory, options, {
    names,
    cachedBuilds: options.cachedBuilds !== false,
    store: artifacts.store,
  });
  await using _closed = connected;
  const { hosts } = connected;
  const [{ plan, facts }] = await Promise.all([decide(hosts, context.signal), loadReports()]);
  const remake = (signal: AbortSignal): Promise<DecidedPlan> => decide(hosts, signal);
  const look = async (signal: AbortSignal): Promise<typeof facts> => (await remake(signal)).facts;
  const command = `haup apply ${inventory.file}`;
  const standing = snapshotsOf(facts);
  const task = { inventory, goal: inventory, plan, standing, hosts, look, remake, artifacts, command };
  // Awaited here: the connections are closed when this function ends.
  return await showAndCarryOut(context, task, facts, options);
}
