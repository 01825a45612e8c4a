import { clusters } from '../cluster/clusters.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { limited } from './open-inventory.ts';

/** What a command is limited to, and who may have to take over meanwhile. */
export interface Targets {
  /** The hosts that are changed. */
  readonly targets: readonly HostName[];
  /** They, and every other member of their clusters. */
  readonly names: readonly HostName[];
}

export function targetsOf(inventory: Inventory, limit: string | undefined): Targets {
  const targets = limited(inventory, limit);
  const near = clusters(inventory).filter((cluster) => cluster.some((host) => targets.includes(host)));
  return { targets, names: [...new Set([...near.flat(), ...targets])] };
}
