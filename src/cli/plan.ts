import type { DesiredHost } from '../model/desired.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import type { FactsRequest, HostFacts } from '../model/facts.ts';
import { exitCodes } from '../model/errors.ts';
import type { Host } from '../model/host.ts';
import { judgeWire, refuseTaken } from '../judge/wire.ts';
import type { Disappearing } from '../model/running.ts';
import type { BuildReport, Finding, Plan } from '../model/plan.ts';
import { buildsOf } from '../plan/builds.ts';
import { countChanges, plan as decide } from '../plan/plan.ts';
import { type Connected, connectAll, type ConnectSettings } from './connect.ts';
import { cachedPacks } from '../run/packs.ts';
import type { Context } from './context.ts';
import { limited, openWithTexts } from './inventory.ts';
import type { GlobalOptions } from './program.ts';
import { styleFor } from './style.ts';

/** `haup plan`: what apply would change. Exit code 0 when there is nothing, 3 when there is, or when there are findings. */
export async function plan(
  context: Context,
  path: string | undefined,
  options: GlobalOptions & { readonly output?: string },
): Promise<number> {
  const { inventory, texts } = await openWithTexts(context, path);
  const names = limited(inventory, options.limit);
  const [connected, decision] = await connectAndPrepare(context, inventory, options, { names });
  await using _closed = connected;
  const made = await decision(connected.hosts, context.signal);
  const findings = inventory.vips.flatMap((vip) => judgeWire(vip, made.facts));
  await printPlan(context, made.plan, options, findings);
  if (options.output !== undefined) {
    const { savePlan } = await import('./saved-plan.ts');
    await savePlan(context, options.output, made, texts);
  }
  return countChanges(made.plan).changes === 0 && findings.length === 0 ? exitCodes.ok : exitCodes.findings;
}

/** Connects to every host, and meanwhile prepares the decision. */
export async function connectAndPrepare(
  context: Context,
  inventory: Inventory,
  options: GlobalOptions,
  settings: ConnectSettings & { readonly cachedBuilds?: boolean },
): Promise<readonly [Connected, Decide]> {
  const connecting = connectAll(context, inventory, options, settings);
  const [connected, decision] = await Promise.allSettled([
    connecting,
    prepareDecision(context, inventory, settings.cachedBuilds ?? true),
  ]);
  if (decision.status === 'rejected') {
    if (connected.status === 'fulfilled') await connected.value[Symbol.asyncDispose]();
    throw decision.reason;
  }
  if (connected.status === 'rejected') throw connected.reason;
  return [connected.value, decision.value];
}

export interface Made {
  readonly plan: Plan;
  readonly facts: ReadonlyMap<HostName, HostFacts>;
}

/** Turns connected hosts into a plan. */
export type Decide = (hosts: ReadonlyMap<HostName, Host>, signal: AbortSignal) => Promise<Made>;

/**
 * Gather and decide: one round trip to every connected host, then pure functions. All that needs no host
 * (loading, templates, what to ask) is done here, to be started before connecting and awaited after: it
 * then costs no time beside the handshakes.
 */
export async function prepareDecision(
  context: Context,
  inventory: Inventory,
  cachedBuilds: boolean,
): Promise<Decide> {
  const [
    { gatherAll },
    { desire },
    { assumedFacts },
    { loadRender },
    { factsRequest },
    { clusters },
    { lookAtWire },
    { paths },
  ] = await Promise.all([
    import('../facts/gather.ts'),
    import('../desired/desire.ts'),
    import('../desired/assume.ts'),
    import('../desired/render.ts'),
    import('../desired/request.ts'),
    import('../inventory/clusters.ts'),
    import('./wire.ts'),
    import('../desired/paths.ts'),
  ]);
  const [render, cached] = await Promise.all([
    loadRender(),
    cachedBuilds ? cachedPacks(packDirectory(context)) : new Set<string>(),
  ]);
  const assumed = assumedFacts(inventory);
  const on = (packageManager: HostFacts['packageManager']): ReadonlyMap<HostName, DesiredHost> =>
    new Map(
      desire(
        inventory,
        new Map([...assumed].map(([name, facts]) => [name, { ...facts, packageManager }])),
        render,
      ).map((one) => [one.host, one]),
    );
  const [deb, rpm] = [on('apt-get'), on('dnf')];
  return async (hosts, signal) => {
    const requestFor = (name: HostName): FactsRequest | null => {
      const [forDeb, forRpm] = [deb.get(name), rpm.get(name)];
      if (forDeb === undefined || forRpm === undefined) return null;
      return factsRequest(inventory, { deb: forDeb, rpm: forRpm });
    };
    const facts = await gatherAll(hosts, requestFor, signal);
    const want = desire(inventory, facts, render);
    const builds = { on: inventory.build.on, fetch: inventory.fetch, cached };
    const made = decide(want, facts, inventory.vips, clusters(inventory), builds);
    const heard = await lookAtWire(inventory, hosts, facts, signal);
    refuseTaken(inventory.vips, heard, paths(inventory, 'keepalived').entry);
    return { plan: made, facts: heard };
  };
}

/** Where this machine keeps finished builds. */
export const packDirectory = (context: Context): string => `${cacheDirectory(context)}/builds`;

export const cacheDirectory = (context: Context): string =>
  `${context.env['XDG_CACHE_HOME'] ?? `${context.home}/.cache`}/haup`;

/** The plan on stdout: text, or with --json one document. */
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
  if (findings.length === 0) return;
  const { findingLines } = await import('../report/finding-text.ts');
  const width = Math.min(context.stdout.columns, 100);
  context.out(`\n${findings.flatMap((finding) => findingLines(finding, style, width)).join('\n')}\n`);
}

/** The plan as data that is safe to print: no bytes of files, no secrets. */
export function planData(made: Plan): {
  /** In the order in which they are made within a cluster. */
  readonly changes: readonly object[];
  /** What hosts do together, and what clients notice of it. */
  readonly together: readonly object[];
  /** VIPs, sites and daemons that are there now and will not be. */
  readonly disappearing: readonly Disappearing[];
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
    builds: buildsOf(made),
    same: made.same,
  };
}
