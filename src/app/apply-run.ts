import type { Tarball } from '../model/desired.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import { type FactsSnapshot } from '../plan/facts-snapshot.ts';
import { type PackStore, packStore } from '../run/pack-store.ts';
import type { Store } from '../ssh/remote-job.ts';
import type { Context } from './command-context.ts';
import { type DecidedPlan, packDirectory } from './prepare-decision.ts';

/** What a run pushes to hosts: tarballs that were downloaded, builds that were made or kept. */
export interface Artifacts {
  readonly tarballs: Map<string, Uint8Array>;
  readonly packs: PackStore;
  readonly store: Store;
}

export function makeArtifacts(context: Context): Artifacts {
  const tarballs = new Map<string, Uint8Array>();
  const packs = packStore(packDirectory(context));
  const tarball = ({ name, sha256 }: Tarball): Uint8Array => {
    const bytes = tarballs.get(sha256);
    if (bytes === undefined) throw new Error(`${name} was not downloaded before it was needed`);
    return bytes;
  };
  return { tarballs, packs, store: { tarball, pack: packs.bytes } };
}

/** A plan that was agreed to, and all that is needed to carry it out. */
export interface ApplyRun {
  readonly inventory: Inventory;
  /** By whose VIPs everything is judged: the inventory, or what it will be when the plan is done. */
  readonly goal: Inventory;
  readonly plan: Plan;
  /** How the hosts stood when the plan was made. */
  readonly standing: ReadonlyMap<HostName, FactsSnapshot>;
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** Asks the hosts again what the plan was made from. */
  readonly look: (signal: AbortSignal) => Promise<ReadonlyMap<HostName, HostFacts>>;
  /** Makes the plan again; absent: it is this very plan or none. */
  readonly remake?: (signal: AbortSignal) => Promise<DecidedPlan>;
  readonly artifacts: Artifacts;
  /** The command line, as another operator and the history show it. */
  readonly command: string;
}
