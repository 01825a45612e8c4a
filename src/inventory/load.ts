/** The inventory from a file or from stdin, with its overlay, its site files and its secrets. */

import { readFile } from 'node:fs/promises';
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { InventoryTexts } from '../model/inventory-texts.ts';
import { readInventory } from './read.ts';
import { secretResolver } from './secrets.ts';

export interface LoadContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What `-` means: the text of stdin. */
  readonly stdin?: string | undefined;
}

/** A thousand hosts need a quarter of this. */
const limitBytes = 256 * 1024;

/**
 * `path` as the operator wrote it, `-` for stdin. HAUP_OVERLAY names a file whose values replace those of the
 * inventory; HAUP_LAB names the lab that wrote it. Rejects with INVENTORY_MISSING, INVENTORY_INVALID or SECRET_MISSING.
 */
export async function loadInventory(path: string, context: LoadContext): Promise<Inventory> {
  return (await loadWithTexts(path, context)).inventory;
}

/** As loadInventory, with the texts to read it again elsewhere. */
export async function loadWithTexts(
  path: string,
  context: LoadContext,
): Promise<{ readonly inventory: Inventory; readonly texts: InventoryTexts }> {
  const { env, cwd } = context;
  const directory = path === '-' ? cwd : dirname(resolve(cwd, path));
  const text = path === '-' ? fromStdin(context) : await fromFile(path, cwd, missingHint);
  const overlay = env['HAUP_OVERLAY'];
  const over = overlay
    ? { text: await fromFile(overlay, cwd, labHint), file: overlay, by: `lab ${env['HAUP_LAB'] ?? 'haup'}` }
    : null;
  const sites: Record<string, string> = {};
  const inventory = readInventory(text, path === '-' ? '(stdin)' : path, {
    resolveSecret: secretResolver({ env, directory }),
    readText: (name) => (sites[name] = siteText(resolve(directory, name))),
    overlay: over ?? undefined,
  });
  const file = path === '-' ? '(stdin)' : resolve(cwd, path);
  return { inventory, texts: { file, directory, text, sites, overlay: over } };
}

/** The same inventory from its texts; secrets are resolved again. Throws INVENTORY_INVALID or SECRET_MISSING. */
export function inventoryFrom(texts: InventoryTexts, env: LoadContext['env']): Inventory {
  const { file, directory, text, sites, overlay } = texts;
  return readInventory(text, file, {
    resolveSecret: secretResolver({ env, directory }),
    readText: (name) => sites[name] ?? '',
    overlay: overlay ?? undefined,
  });
}

const missingHint = 'Name the inventory, as in `haup plan FILE`; start from inventory.example.yaml.';
const labHint = 'HAUP_OVERLAY names it: run the command with `haup lab exec -- …`, or unset HAUP_OVERLAY.';

async function fromFile(path: string, cwd: string, hint: string): Promise<string> {
  const place = resolve(cwd, path);
  try {
    if (statSync(place).size > limitBytes) throw tooLarge(path);
    return decode(await readFile(place), path);
  } catch (error) {
    if (error instanceof HaupError) throw error;
    throw new HaupError('INVENTORY_MISSING', `${path} ${reasonOf(error)}`, { hint, cause: error });
  }
}

function fromStdin({ stdin }: LoadContext): string {
  if (stdin === undefined)
    throw new HaupError('INVENTORY_MISSING', 'stdin has no inventory', {
      hint: missingHint,
    });
  if (stdin.length > limitBytes) throw tooLarge('(stdin)');
  return stdin;
}

const tooLarge = (path: string): HaupError =>
  new HaupError('INVENTORY_INVALID', `${path} is larger than ${limitBytes / 1024} KiB`, {
    hint: 'An inventory is a short YAML file: check that this is one.',
  });

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HaupError('INVENTORY_INVALID', `${path} is not UTF-8 text`, {
      hint: 'Save it as UTF-8.',
      cause,
    });
  }
}

function siteText(place: string): string {
  try {
    return decode(readFileSync(place), place);
  } catch (error) {
    if (error instanceof HaupError) throw error;
    throw new HaupError('INVENTORY_INVALID', `${place} ${reasonOf(error)}`, {
      hint: 'The path is relative to the inventory.',
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    EACCES: 'cannot be read: permission denied',
    EISDIR: 'is a directory, not a file',
    ENOTDIR: 'does not exist',
  };
  return reasons[code] ?? `cannot be read: ${code === '' ? String(error) : code}`;
}
