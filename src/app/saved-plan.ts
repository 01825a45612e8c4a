import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { assertOwnDirectory, readOwn, writeWhole } from '../base/own-file.ts';
import type { InventoryTexts } from '../model/inventory-texts.ts';
import { HaupError } from '../model/errors.ts';
import type { Context } from './command-context.ts';
import type { PlannedHosts } from './decide-apply.ts';

export interface SavedFile {
  /** As the operator wrote it. */
  readonly path: string;
  readonly text: string;
}

/**
 * The file, when it is a plan that was saved; null for an inventory, or for none, which costs one read of 64 bytes.
 * Throws UNTRUSTED_FILE for a plan in which somebody else could have had a say.
 */
export async function savedPlanAt(context: Context, path: string | undefined): Promise<SavedFile | null> {
  if (path === undefined || path === '-') return null;
  const file = await open(resolve(context.cwd, path)).catch(() => null);
  // What is wrong with it is told by whoever reads it as an inventory.
  if (file === null) return null;
  const begin = await (async (): Promise<string> => {
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } catch {
      return '';
    } finally {
      await file.close();
    }
  })();
  const { looksSaved } = await import('../plan/looks-saved.ts');
  if (!looksSaved(begin)) return null;
  const bytes = await readOwn(resolve(context.cwd, path), `the saved plan ${path}`);
  return { path, text: bytes.toString('utf8') };
}

/** Writes a plan for `haup apply FILE`, readable by the operator alone. */
export async function savePlan(
  context: Context,
  path: string,
  { plan, facts }: PlannedHosts,
  inventory: InventoryTexts,
): Promise<void> {
  const [{ writePlan }, { snapshot }, { haupVersion }] = await Promise.all([
    import('../plan/plan-document.ts'),
    import('../plan/facts-snapshot.ts'),
    import('./haup-version.ts'),
  ]);
  const text = writePlan({
    plan,
    inventory,
    standing: Object.fromEntries([...facts].map(([host, one]) => [host, snapshot(one)])),
    made: { who: context.operator, when: new Date(context.now()).toISOString(), haup: haupVersion },
  });
  const place = resolve(context.cwd, path);
  try {
    // Where others could change it, it would not be run.
    await assertOwnDirectory(dirname(place), 'a saved plan');
    await writeWhole(place, text);
  } catch (cause) {
    if (cause instanceof HaupError) throw cause;
    throw new HaupError('USAGE', `${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
  context.err(
    `Saved in ${path}: haup apply ${path} runs exactly this plan, or stops when a host has moved. Whoever can write it becomes root on the hosts.\n`,
  );
}
