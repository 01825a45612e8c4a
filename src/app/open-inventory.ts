import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { InventoryTexts } from '../model/inventory-texts.ts';
import type { Context } from './command-context.ts';

/** The inventory that a command means: the argument, else $HAUP_INVENTORY, else ./inventory.yaml. */
export async function openInventory(context: Context, path: string | undefined): Promise<Inventory> {
  return (await openWithTexts(context, path)).inventory;
}

/** As openInventory, with the texts that it was read from. */
export async function openWithTexts(
  context: Context,
  path: string | undefined,
): Promise<{ readonly inventory: Inventory; readonly texts: InventoryTexts }> {
  const { loadWithTexts } = await import('../inventory/load.ts');
  const chosen = path ?? (await defaultPath(context));
  const loaded = await loadWithTexts(chosen, {
    env: context.env,
    cwd: context.cwd,
    ...(chosen === '-' ? { stdin: await context.readStdin() } : {}),
  }).catch(async (error: unknown) => {
    const { isSavedPlan } = await import('./is-saved-plan.ts');
    if (!(await isSavedPlan(context, chosen))) throw error;
    throw new HaupError('USAGE', `${chosen} is a saved plan, not an inventory.`, {
      hint: `haup apply ${chosen} carries it out; every other command needs the inventory.`,
    });
  });
  if (path === undefined) context.err(`inventory ${chosen}\n`);
  context.err(overrideText(loaded.inventory.overridden));
  const { unused } = loaded.inventory;
  if (unused.length > 0)
    context.err(`not used: ${unused.join(', ')}: packages are built by the distribution\n`);
  return loaded;
}

/** What each overlay replaced, on one line; long values are left out. */
function overrideText(overridden: Inventory['overridden']): string {
  const short = (text: string): boolean => text.length <= 24;
  return [...new Set(overridden.map(({ by }) => by))]
    .map((by) => {
      const own = overridden.filter((one) => one.by === by);
      const words = own.map(({ key, was, now }) =>
        short(was) && short(now) ? `${key} ${was} → ${now}` : key,
      );
      return `${by} replaces ${words.join(', ')}\n`;
    })
    .join('');
}

async function defaultPath(context: Context): Promise<string> {
  const named = context.env['HAUP_INVENTORY'];
  if (named !== undefined && named !== '') return named;
  const local = resolve(context.cwd, 'inventory.yaml');
  const there = await access(local).then(
    () => true,
    () => false,
  );
  if (there) return 'inventory.yaml';
  throw new HaupError('INVENTORY_MISSING', 'No inventory was given, and there is no inventory.yaml here.', {
    hint: 'Name one (haup apply FILE), set HAUP_INVENTORY, or copy inventory.example.yaml.',
  });
}

/** The hosts that `--limit` selects. Throws HOST_UNKNOWN, which lists the names there are. */
export function limited(inventory: Inventory, limit: string | undefined): readonly HostName[] {
  const all = inventory.hosts.map(({ name }) => name);
  if (limit === undefined) return all;
  const wanted = limit.split(',').map((name) => name.trim());
  for (const name of wanted) knownHost(inventory, name);
  return all.filter((name) => wanted.includes(name));
}

export function knownHost(inventory: Inventory, name: string): HostName {
  const names = inventory.hosts.map((host) => host.name);
  if (!names.includes(name)) {
    throw new HaupError(
      'HOST_UNKNOWN',
      `The inventory has no host ${name === '' ? 'without a name' : name}.`,
      {
        hint: `It has ${names.join(', ')}.`,
      },
    );
  }
  return name;
}
