import type { HostName, Inventory } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { services } from '../model/domain.ts';
import { exitCodes } from '../model/errors.ts';
import type { Host } from '../model/host.ts';
import { countChanges } from '../plan/make-plan.ts';
import { planRemoval } from '../plan/plan-removal.ts';
import { printJson } from '../report/json.ts';
import { throwFailures } from '../base/failures.ts';
import { act } from '../app/act.ts';
import { snapshotsOf } from '../app/carry-out.ts';
import { makeArtifacts } from '../app/apply-run.ts';
import { connectSome } from '../app/connect.ts';
import type { Context } from '../app/command-context.ts';
import { knownHost, limited, openInventory } from '../app/open-inventory.ts';
import { planData, printPlan } from '../app/print-plan.ts';
import type { GlobalOptions } from '../app/options.ts';

export interface UninstallOptions extends GlobalOptions {
  readonly host?: string;
  readonly yes?: boolean;
  readonly packages?: boolean;
}

/** `haup uninstall`: gather, decide what of haup is there, show, ask, take it away. */
export async function uninstall(
  context: Context,
  path: string | undefined,
  options: UninstallOptions,
): Promise<number> {
  const inventory = await openInventory(context, path);
  const targets =
    options.host === undefined ? limited(inventory, options.limit) : [knownHost(inventory, options.host)];
  const { clusters } = await import('../cluster/clusters.ts');
  const all = clusters(inventory);
  const near = all.filter((cluster) => cluster.some((host) => targets.includes(host))).flat();
  const names = [...new Set([...near, ...targets])];
  await using connected = await connectSome(context, inventory, options, { names });
  // The others of a cluster only take over: one that is away cannot, and nothing more.
  throwFailures(
    [...connected.failures]
      .filter(([name]) => targets.includes(name))
      .map(([, reason]) => ({ status: 'rejected', reason })),
  );
  const facts = await lookAt(inventory, connected.hosts, context.signal);
  const plan = planRemoval(facts, inventory.vips, all, {
    hosts: targets,
    packages: options.packages === true,
  });
  const { changes, hosts } = countChanges(plan);
  const json = options.json === true;
  if (json) printJson(context.out, { type: 'plan', ...planData(plan) }, 'line');
  else if (changes > 0) await printPlan(context, plan, options);
  if (changes === 0) {
    if (!json) context.out(`Nothing to do: haup has put nothing on ${targets.join(', ')}.\n`);
    return exitCodes.ok;
  }
  const question = `Remove keepalived, nginx and everything else of haup from ${hosts === 1 ? 'this host' : `these ${hosts} hosts`}?`;
  if (options.yes !== true && !(await context.confirm(question))) {
    context.err('Nothing was changed.\n');
    return exitCodes.ok;
  }
  const { lockFor, takenAway } = await import('../app/cluster-lock.ts');
  const command = `haup uninstall ${inventory.file}`;
  await using lock = await lockFor(context, { inventory, connected, why: command }, options);
  if (json) for (const finding of lock.findings) printJson(context.out, { type: 'finding', finding }, 'line');
  const signal = AbortSignal.any([context.signal, lock.lost]);
  const task = {
    inventory,
    goal: inventory,
    plan,
    standing: snapshotsOf(facts),
    hosts: connected.hosts,
    look: (s: AbortSignal) => lookAt(inventory, connected.hosts, s),
    artifacts: makeArtifacts(context),
    command,
  };
  await act({ ...context, signal }, task, options, takenAway(lock), facts);
  if (!json) context.out(`haup is gone from ${targets.join(', ')}.\n`);
  return exitCodes.ok;
}

async function lookAt(
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
