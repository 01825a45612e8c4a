/**
 * A plan as a file, to be looked at and then run as it is. Pure.
 *
 * It holds what the plan was made from (the inventory's text and snapshots of the hosts), so that it needs
 * no other file. Secrets are not in it: of a file with a secret only the digest is there, and its bytes
 * are rendered again, or taken from the host again, when the plan is run.
 */

import { sha256 } from '../base/digest.ts';
import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { InventoryTexts } from '../model/inventory-texts.ts';
import type { Plan } from '../model/plan.ts';
import { savedFormat } from './looks-saved.ts';
import type { FactsSnapshot } from './facts-snapshot.ts';

export interface SavedPlan {
  readonly plan: Plan;
  readonly inventory: InventoryTexts;
  readonly snapshots: Readonly<Record<HostName, FactsSnapshot>>;
  readonly made: { readonly who: string; readonly when: string; readonly haup: string };
}

const version = 3;
const bytesKey = 'bytes of sha256';

/** JSON for people and for `readPlan`. */
export function writePlan(saved: SavedPlan): string {
  const contents: Record<string, string> = {};
  const secrets = new Set<string>();
  const take = (value: unknown, secret: boolean): unknown => {
    if (value instanceof Uint8Array) {
      const digest = sha256(value);
      if (secret) secrets.add(digest);
      contents[digest] = textOf(value);
      return { [bytesKey]: digest };
    }
    if (Array.isArray(value)) return value.map((item) => take(item, secret));
    if (typeof value !== 'object' || value === null) return value;
    const hides = secret || (value as { secret?: unknown }).secret === true;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, take(item, hides)]));
  };
  const plan = take(saved.plan, false);
  for (const digest of secrets) delete contents[digest];
  const { inventory, snapshots, made } = saved;
  // As it will be read: names that look like numbers change their place.
  const body: unknown = JSON.parse(JSON.stringify({ made, plan, inventory, snapshots, contents }));
  return `${JSON.stringify({ format: savedFormat, version, digest: sha256(JSON.stringify(body)), body }, null, 1)}\n`;
}

interface Body extends Omit<SavedPlan, 'plan'> {
  readonly plan: unknown;
  readonly contents: Readonly<Record<string, string>>;
}

export interface PlanFile extends Omit<SavedPlan, 'plan'> {
  /** Digests of the bytes that are not in the file. */
  readonly withheld: readonly string[];
  /** The plan, once the bytes of every withheld digest are known. */
  readonly complete: (bytes: ReadonlyMap<string, Uint8Array>) => Plan;
}

/** Throws USAGE for a file that is cut off, was changed by hand, or is of another version of haup. */
export function readPlan(text: string, file: string): PlanFile {
  const refuse = (message: string, hint: string): HaupError =>
    new HaupError('USAGE', `${file} ${message}`, { hint });
  let read: { format?: unknown; version?: unknown; digest?: unknown; body?: Body };
  try {
    read = JSON.parse(text) as typeof read;
  } catch {
    throw refuse('is cut off.', 'Make it again: haup plan -o FILE.');
  }
  if (read.format !== savedFormat || read.body === undefined)
    throw refuse('is no saved plan.', 'haup plan -o FILE makes one.');
  if (read.version !== version) {
    throw refuse(
      `was saved in format ${String(read.version)}, and this haup reads ${version}.`,
      'Make it again with this haup: haup plan -o FILE.',
    );
  }
  if (sha256(JSON.stringify(read.body)) !== read.digest) {
    throw refuse(
      'is not as haup wrote it.',
      'A plan is run as it was made or not at all. Make it again: haup plan -o FILE.',
    );
  }
  const { plan, contents, ...rest } = read.body;
  const known = new Map(
    Object.values(contents).map((content) => {
      const bytes = bytesOf(content);
      return [sha256(bytes), bytes] as const;
    }),
  );
  return {
    ...rest,
    withheld: [...digestsIn(plan)].filter((digest) => !known.has(digest)),
    complete: (bytes) => fill(plan, (digest) => known.get(digest) ?? bytes.get(digest)) as Plan,
  };
}

function digestsIn(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(value)) for (const item of value) digestsIn(item, found);
  else if (typeof value === 'object' && value !== null) {
    const digest = referenceIn(value);
    if (digest === null) for (const item of Object.values(value)) digestsIn(item, found);
    else found.add(digest);
  }
  return found;
}

function fill(value: unknown, bytesOfDigest: (digest: string) => Uint8Array | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, bytesOfDigest));
  if (typeof value !== 'object' || value === null) return value;
  const digest = referenceIn(value);
  if (digest === null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, bytesOfDigest)]));
  const bytes = bytesOfDigest(digest);
  if (bytes === undefined) throw new Error(`the bytes of ${digest} are not known`);
  return bytes;
}

const referenceIn = (value: object): string | null => {
  const digest = (value as Readonly<Record<string, unknown>>)[bytesKey];
  return typeof digest === 'string' ? digest : null;
};

/** Text where it is text, for people who read the plan. */
function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes)
    ? `text:${text}`
    : `base64:${Buffer.from(bytes).toString('base64')}`;
}

const bytesOf = (content: string): Uint8Array =>
  content.startsWith('text:')
    ? Buffer.from(content.slice('text:'.length), 'utf8')
    : Buffer.from(content.slice('base64:'.length), 'base64');
