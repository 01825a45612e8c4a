import { refuseTaken } from '../check/wire.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import { keepConnections } from '../plan/keep-connections.ts';
import { makePlan } from '../plan/make-plan.ts';
import { cachedPacks } from '../run/pack-store.ts';
import { packDirectory } from './cache-directory.ts';
import type { Context } from './command-context.ts';

/** A plan, and the facts that it was made from. */
export interface PlannedHosts {
  readonly plan: Plan;
  readonly facts: ReadonlyMap<HostName, HostFacts>;
}

/** Gathers and decides: one round trip to every host, then pure functions. */
export type DecideApply = (hosts: ReadonlyMap<HostName, Host>, signal: AbortSignal) => Promise<PlannedHosts>;

/**
 * What an apply of the inventory would do. All that needs no host (loading, templates, what to ask) is done here, to be
 * started beside connecting. `grace`: seconds that open connections are kept for.
 */
export async function prepareApply(
  context: Context,
  inventory: Inventory,
  cachedBuilds: boolean,
  grace: number,
): Promise<DecideApply> {
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
  const requests = new Map(
    desire(inventory, assumedFacts(inventory), render).map((desired) => [
      desired.host,
      factsRequest(inventory, desired),
    ]),
  );
  const builds = { on: inventory.build.on, fetch: inventory.fetch, cached };
  return async (hosts, signal) => {
    const facts = await gatherAll(hosts, (name) => requests.get(name) ?? null, signal);
    const want = desire(inventory, facts, render);
    const made = makePlan(want, facts, inventory.vips, clusters(inventory), builds);
    const plan = keepConnections(made, grace, facts, inventory.vips);
    const heard = await lookAtWire(inventory, hosts, facts, signal);
    refuseTaken(inventory.vips, heard, paths(inventory, 'keepalived').entry);
    return { plan, facts: heard };
  };
}
