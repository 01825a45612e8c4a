import { clusters } from '../cluster/clusters.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { services } from '../model/domain.ts';
import { exitCodes } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import { countChanges } from '../plan/make-plan.ts';
import { keepConnections } from '../plan/keep-connections.ts';
import { planRemoval } from '../plan/plan-removal.ts';
import { printJson } from '../report/json.ts';
import { changeHosts } from './change-hosts.ts';
import type { Context } from './command-context.ts';
import { numberOption } from './number-option.ts';
import { openInventory } from './open-inventory.ts';
import { printFindings } from './print-findings.ts';
import type { SessionOptions } from './with-hosts.ts';
import { targetsOf } from './targets.ts';

export interface UninstallOptions extends SessionOptions {
  readonly packages?: boolean;
}

/** `haup uninstall`. Resolves to the exit code. */
export async function uninstall(
  context: Context,
  path: string | undefined,
  options: UninstallOptions,
): Promise<number> {
  const inventory = await openInventory(context, path);
  const grace = numberOption('--grace', options.grace) ?? inventory.grace;
  const { targets, names } = targetsOf(inventory, options.limit);
  return changeHosts(context, options, {
    inventory,
    names,
    // The other members only take over: one that cannot be reached just does not.
    needs: targets,
    command: `haup uninstall ${inventory.file}`,
    prepare: async () => {
      const removal = { hosts: targets, packages: options.packages === true };
      return async (hosts, signal) => {
        const facts = await lookForRemoval(inventory, hosts, signal);
        const made = planRemoval(facts, inventory.vips, clusters(inventory), removal);
        const plan = keepConnections(made, grace, facts, inventory.vips);
        return { plan, facts, goal: inventory };
      };
    },
    question: (plan) => {
      const { hosts } = countChanges(plan);
      return `Remove keepalived, nginx and everything else haup installed from ${hosts === 1 ? 'this host' : `these ${hosts} hosts`}?`;
    },
    nothing: async () => {
      if (options.json !== true)
        context.out(`Nothing to do: haup has installed nothing on ${targets.join(', ')}.\n`);
      return exitCodes.ok;
    },
    report: async ({ hookFindings }) => {
      if (options.json === true) {
        for (const finding of hookFindings) printJson(context.out, { type: 'finding', finding }, 'line');
      } else {
        context.out(`haup is gone from ${targets.join(', ')}.\n`);
        await printFindings(context, hookFindings);
      }
      return hookFindings.length === 0 ? exitCodes.ok : exitCodes.findings;
    },
  });
}

async function lookForRemoval(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, HostFacts>> {
  const [{ gatherAll }, { statusRequest }, { paths }] = await Promise.all([
    import('../facts/gather.ts'),
    import('../desired/facts-request.ts'),
    import('../desired/paths.ts'),
  ]);
  const request = {
    ...statusRequest(inventory),
    firewall: true,
    files: services.map((service) => paths(inventory, service).entry),
  };
  return gatherAll(hosts, () => request, signal);
}
