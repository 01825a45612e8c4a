import type { HostName } from '../model/domain.ts';
import type { HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { StatusReport } from '../model/status-shape.ts';
import type { Context } from './command-context.ts';
import { limited, openInventory } from './open-inventory.ts';
import type { GlobalOptions } from './options.ts';
import { withHosts } from './with-hosts.ts';

export interface GatheredStatus {
  readonly report: StatusReport;
  /** Of hosts that could not be reached, or did not answer. */
  readonly failures: readonly HaupError[];
  /** Whether any host could be reached. */
  readonly reached: boolean;
}

const load = () =>
  Promise.all([
    import('../facts/gather.ts'),
    import('../desired/facts-request.ts'),
    import('../check/status-report.ts'),
  ]);

/** `haup status`: connect, gather, judge. A host that fails is reported, and hides no other. */
export async function gatherStatus(
  context: Context,
  path: string | undefined,
  options: GlobalOptions,
): Promise<GatheredStatus> {
  const inventory = await openInventory(context, path);
  const names = limited(inventory, options.limit);
  const settings = { names, needs: [], prepare: load };
  return withHosts(context, inventory, options, settings, async ({ hosts, failures }, modules) => {
    const [{ gatherSome }, { statusRequest }, { statusReport }] = modules;
    const asked = await gatherSome(hosts, () => statusRequest(inventory), context.signal);
    const askedAt = context.now();
    const facts = new Map<HostName, HostFacts | null>(
      names.map((name) => [name, asked.facts.get(name) ?? null]),
    );
    const { lookAtWire } = await import('./listen-on-wire.ts');
    const heard = await lookAtWire(inventory, hosts, facts, context.signal);
    return {
      report: statusReport(inventory, heard, askedAt),
      failures: [...failures.values(), ...asked.failures.values()],
      reached: hosts.size > 0,
    };
  });
}
