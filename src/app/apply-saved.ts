import { sha256 } from '../base/digest.ts';
import { inventoryFrom } from '../inventory/load.ts';
import { HaupError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import { readPlan } from '../plan/plan-document.ts';
import { oneLine } from '../base/printable.ts';
import { cachedPacks } from '../run/pack-store.ts';
import { packDirectory } from './cache-directory.ts';
import { assertFits, changeHosts, type ChangeOptions } from './change-hosts.ts';
import type { Context } from './command-context.ts';
import { type PlannedHosts, prepareApply } from './decide-apply.ts';
import { applyReports } from './outcome.ts';
import type { SavedFile } from './saved-plan.ts';

/** `haup apply plan.json`: carries out exactly the plan that was saved, or throws PLAN_STALE. */
export async function applySaved(
  context: Context,
  { path, text }: SavedFile,
  options: ChangeOptions & { readonly cachedBuilds?: boolean },
): Promise<number> {
  const draft = readPlan(text, path);
  if (options.limit !== undefined || options.grace !== undefined || options.cachedBuilds === false) {
    throw new HaupError('USAGE', `${path} is a saved plan: it is carried out as it was made.`, {
      hint: 'Give --limit and --grace to haup plan, or run haup apply with the inventory.',
    });
  }
  const inventory = inventoryFrom(draft.inventory, context.env);
  const { who, when } = draft.made;
  context.err(`${oneLine(`plan of ${draft.inventory.file}, made by ${who} at ${when}`)}\n`);
  return changeHosts(context, options, {
    inventory,
    names: Object.keys(draft.snapshots),
    command: `haup apply ${path}`,
    fixed: true,
    prepare: async () => {
      const look = await prepareApply(context, inventory, true, 0);
      return async (hosts, signal, before) => {
        const now = await look(hosts, signal);
        if (before !== null) return { ...before, facts: now.facts };
        assertFits(new Map(Object.entries(draft.snapshots)), now.facts);
        const plan = draft.complete(withheldBytes(draft.withheld, now, path));
        await assertBuildsAreKept(context, plan, path);
        return { plan, facts: now.facts, goal: inventory };
      };
    },
    ...applyReports(context, options),
  });
}

/** The bytes of files with secrets, by digest: as they are rendered now, and as the hosts have them now. */
function withheldBytes(
  wanted: readonly string[],
  { plan, facts }: PlannedHosts,
  path: string,
): ReadonlyMap<string, Uint8Array> {
  const known = new Map<string, Uint8Array>();
  const add = (bytes: Uint8Array): void => void known.set(sha256(bytes), bytes);
  for (const resource of plan.want.flatMap(({ resources }) => resources)) {
    if (resource.kind === 'config') for (const file of resource.set.files) add(file.bytes);
  }
  for (const { work } of plan.tracks.flat()) {
    for (const action of work.flatMap(({ changes }) => changes.flatMap(({ actions }) => actions))) {
      if (action.do === 'write') for (const file of action.testing) add(file.bytes);
      if (action.do === 'stand-back') add(action.bytes);
    }
  }
  for (const fact of [...facts.values()].flatMap(({ files }) => Object.values(files))) {
    if (fact.state === 'present' && fact.text !== null) add(Buffer.from(fact.text, 'utf8'));
  }
  if (wanted.some((digest) => !known.has(digest))) {
    throw new HaupError('PLAN_STALE', `A secret has a different value than when ${path} was made.`, {
      hint: 'Nothing was changed. A plan does not contain secrets: supply the same value again, or make the plan again.',
    });
  }
  return known;
}

/** Throws PLAN_STALE when the plan takes a build from this machine that is not there. */
async function assertBuildsAreKept(context: Context, plan: Plan, path: string): Promise<void> {
  const actions = plan.tracks
    .flat()
    .flatMap(({ work }) => work)
    .flatMap(({ changes }) => changes)
    .flatMap((change) => change.actions);
  const made = new Set(actions.flatMap((action) => (action.do === 'pack-build' ? [action.pack.key] : [])));
  const kept = await cachedPacks(packDirectory(context));
  for (const action of actions) {
    if (action.do !== 'place-build' || made.has(action.pack.key) || kept.has(action.pack.key)) continue;
    const { software, version } = action.recipe;
    throw new HaupError(
      'PLAN_STALE',
      `${path} takes a build of ${software} ${version} that this machine does not keep.`,
      {
        hint: 'Nothing was changed. Run it where it was made, or make the plan again here.',
      },
    );
  }
}
