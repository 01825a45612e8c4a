import { changeHosts, type ChangeOptions } from './change-hosts.ts';
import type { Context } from './command-context.ts';
import { prepareApply } from './decide-apply.ts';
import { numberOption } from './number-option.ts';
import { limited, openInventory } from './open-inventory.ts';
import { applyReports, loadReports } from './outcome.ts';
import { savedPlanAt } from './saved-plan.ts';

export interface ApplyOptions extends ChangeOptions {
  /** False: `--no-cached-builds`. */
  readonly cachedBuilds?: boolean;
}

/** `haup apply [FILE]`; the file may be an inventory, or a saved plan. Resolves to the exit code. */
export async function apply(
  context: Context,
  path: string | undefined,
  options: ApplyOptions,
): Promise<number> {
  const saved = await savedPlanAt(context, path);
  if (saved !== null) return (await import('./apply-saved.ts')).applySaved(context, saved, options);
  const inventory = await openInventory(context, path);
  const grace = numberOption('--grace', options.grace) ?? inventory.grace;
  return changeHosts(context, options, {
    inventory,
    names: limited(inventory, options.limit),
    command: `haup apply ${inventory.file}`,
    prepare: async () => {
      const decide = await prepareApply(context, inventory, options.cachedBuilds !== false, grace);
      return async (hosts, signal) => {
        const [planned] = await Promise.all([decide(hosts, signal), loadReports()]);
        return { ...planned, goal: inventory };
      };
    },
    ...applyReports(context, options),
  });
}
