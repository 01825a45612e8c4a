import type { Context } from './context.ts';
import { type AgreeOptions, makeStock, showAndCarryOut, standingOf } from './carry-out.ts';
import { limited, openInventory } from './inventory.ts';
import { loadReports } from './outcome.ts';
import { connectAndPrepare, type Made } from './plan.ts';
import { savedPlanAt } from './saved-plan.ts';

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
  if (saved !== null) return (await import('./apply-saved.ts')).applySaved(context, saved, options);
  const inventory = await openInventory(context, path);
  const names = limited(inventory, options.limit);
  const stock = makeStock(context);
  const [connected, decide] = await connectAndPrepare(context, inventory, options, {
    names,
    cachedBuilds: options.cachedBuilds !== false,
    store: stock.store,
  });
  await using _closed = connected;
  const { hosts } = connected;
  const [{ plan, facts }] = await Promise.all([decide(hosts, context.signal), loadReports()]);
  const remake = (signal: AbortSignal): Promise<Made> => decide(hosts, signal);
  const look = async (signal: AbortSignal): Promise<typeof facts> => (await remake(signal)).facts;
  const command = `haup apply ${inventory.file}`;
  const standing = standingOf(facts);
  const task = { inventory, goal: inventory, plan, standing, hosts, look, remake, stock, command };
  // Awaited here: the connections are closed when this function ends.
  return await showAndCarryOut(context, task, facts, options);
}
