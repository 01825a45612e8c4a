import { judgeWire } from '../check/wire.ts';
import type { InventoryTexts } from '../model/inventory-texts.ts';
import type { Finding } from '../model/plan.ts';
import { drainedPeers } from '../plan/drained-peers.ts';
import { countChanges } from '../plan/make-plan.ts';
import type { Context } from './command-context.ts';
import { type PlannedHosts, prepareApply } from './decide-apply.ts';
import { numberOption } from './number-option.ts';
import { limited, openWithTexts } from './open-inventory.ts';
import type { GlobalOptions } from './options.ts';
import { withHosts } from './with-hosts.ts';

export interface PlannedApply extends PlannedHosts {
  /** What gets in the way: machines on the hosts' network, peers that are drained. */
  readonly findings: readonly Finding[];
  /** Nothing is to be done, and nothing gets in the way. */
  readonly settled: boolean;
  /** The inventory as it was read, for a plan that is saved. */
  readonly texts: InventoryTexts;
}

/** `haup plan`: connect, gather, decide. */
export async function planHosts(
  context: Context,
  path: string | undefined,
  options: GlobalOptions & { readonly output?: string },
): Promise<PlannedApply> {
  const { inventory, texts } = await openWithTexts(context, path);
  if (options.output !== undefined) {
    const { assertPlanPlace } = await import('./saved-plan.ts');
    await assertPlanPlace(context, options.output, inventory);
  }
  const grace = numberOption('--grace', options.grace) ?? inventory.grace;
  const settings = {
    names: limited(inventory, options.limit),
    prepare: () => prepareApply(context, inventory, true, grace),
  };
  return withHosts(context, inventory, options, settings, async ({ hosts }, decide) => {
    const planned = await decide(hosts, context.signal);
    const findings = [
      ...inventory.vips.flatMap((vip) => judgeWire(vip, planned.facts)),
      ...drainedPeers(planned.plan, inventory.vips, planned.facts),
    ];
    const settled = countChanges(planned.plan).changes === 0 && findings.length === 0;
    return { ...planned, findings, settled, texts };
  });
}
