import { dirname, resolve } from 'node:path';
import { assertOwnDirectory, readOwn, writeWhole } from '../base/own-file.ts';
import type { Inventory } from '../model/domain.ts';
import type { InventoryTexts } from '../model/inventory-texts.ts';
import { HaupError } from '../model/errors.ts';
import type { Context } from './command-context.ts';
import type { PlannedHosts } from './decide-apply.ts';
import { isSavedPlan } from './is-saved-plan.ts';

export interface SavedFile {
  /** As given by the operator. */
  readonly path: string;
  readonly text: string;
}

/**
 * The file if it is a saved plan; null for an inventory or no file, which costs one read of 64 bytes.
 * Throws UNTRUSTED_FILE for a plan that another user could have written.
 */
export async function savedPlanAt(context: Context, path: string | undefined): Promise<SavedFile | null> {
  if (path === undefined || !(await isSavedPlan(context, path))) return null;
  const bytes = await readOwn(resolve(context.cwd, path), `the saved plan ${path}`);
  return { path, text: bytes.toString('utf8') };
}

/**
 * Before any host is asked: a plan can be saved there, and apply will take it from there.
 * @throws HaupError USAGE, UNTRUSTED_FILE
 */
export async function assertPlanPlace(
  context: Pick<Context, 'cwd'>,
  path: string,
  inventory: Pick<Inventory, 'file'>,
): Promise<void> {
  const place = resolve(context.cwd, path);
  await assertOwnDirectory(dirname(place), 'a saved plan');
  const { outputObstacle } = await import('./output-obstacle.ts');
  const why = await outputObstacle(place, inventory.file);
  if (why === null) return;
  throw new HaupError('USAGE', `--output ${path} cannot be written: ${why}.`, {
    hint: 'Name a file in a directory that exists and that you may write to; no host was contacted.',
  });
}

/** Writes a plan for `haup apply FILE`, readable by the operator alone. */
export async function savePlan(
  context: Context,
  path: string,
  { plan, facts }: PlannedHosts,
  inventory: InventoryTexts,
): Promise<void> {
  const [{ writePlan }, { snapshot }] = await Promise.all([
    import('../plan/plan-document.ts'),
    import('../plan/facts-snapshot.ts'),
  ]);
  const text = writePlan({
    plan,
    inventory,
    snapshots: Object.fromEntries([...facts].map(([host, one]) => [host, snapshot(one)])),
    made: { who: context.operator, when: new Date(context.now()).toISOString(), haup: context.haupVersion },
  });
  const place = resolve(context.cwd, path);
  try {
    // A plan that others could change would be refused later.
    await assertOwnDirectory(dirname(place), 'a saved plan');
    await writeWhole(place, text);
  } catch (cause) {
    if (cause instanceof HaupError) throw cause;
    const { unwritable } = await import('./output-obstacle.ts');
    throw unwritable('--output', path, cause, dirname(place));
  }
  context.err(
    `Saved in ${path}: haup apply ${path} makes exactly these changes, or stops if a host has changed. Anyone who can write the file becomes root on the hosts.\n`,
  );
}
