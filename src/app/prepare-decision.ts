import type { DesiredHost } from '../model/desired.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import type { FactsRequest, HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import { refuseTaken } from '../check/wire.ts';
import type { Plan } from '../model/plan.ts';
import { plan as decide } from '../plan/make-plan.ts';
import { type Connected, connectAll, type ConnectSettings } from './connect.ts';
import { cachedPacks } from '../run/pack-store.ts';
import type { Context } from './command-context.ts';
import type { GlobalOptions } from './options.ts';

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

export interface DecidedPlan {
  readonly plan: Plan;
  readonly facts: ReadonlyMap<HostName, HostFacts>;
}

/** Turns connected hosts into a plan. */
export type Decide = (hosts: ReadonlyMap<HostName, Host>, signal: AbortSignal) => Promise<DecidedPlan>;

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
    import('../desired/load-render.ts'),
    import('../desired/facts-request.ts'),
    import('../cluster/clusters.ts'),
    import('./listen-on-wire.ts'),
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
