import type { HostName } from '../model/domain.ts';
import { exitCodes } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Finding, Plan } from '../model/plan.ts';
import { countChanges } from '../plan/make-plan.ts';
import { planService, type ServiceWish } from '../plan/plan-service.ts';
import { printJson } from '../report/json.ts';
import { throwFailures } from '../base/failures.ts';
import { act } from '../app/act.ts';
import { snapshotsOf } from '../app/carry-out.ts';
import { makeArtifacts } from '../app/apply-run.ts';
import { connectSome } from '../app/connect.ts';
import type { Context } from '../app/command-context.ts';
import { knownHost, limited, openInventory } from '../app/open-inventory.ts';
import type { LockWish } from '../app/cluster-lock.ts';
import { planData, printPlan } from '../app/print-plan.ts';
import type { GlobalOptions } from '../app/options.ts';

export interface ServiceOptions extends GlobalOptions, LockWish {
  readonly host?: string;
  readonly yes?: boolean;
  /** Without draining, and without waiting between hosts. */
  readonly now?: boolean;
}

type Wish = Pick<ServiceWish, 'verb' | 'service'>;

const past = { start: 'started', stop: 'stopped', restart: 'restarted', reload: 'reloaded' } as const;

/** `haup service VERB SERVICE`: host by host as an apply goes, so that a cluster that serves goes on serving. */
export async function service(
  context: Context,
  wish: Wish,
  path: string | undefined,
  options: ServiceOptions,
): Promise<number> {
  const inventory = await openInventory(context, path);
  const targets: readonly HostName[] =
    options.host === undefined ? limited(inventory, options.limit) : [knownHost(inventory, options.host)];
  const { clusters } = await import('../cluster/clusters.ts');
  const all = clusters(inventory);
  const near = all.filter((cluster) => cluster.some((host) => targets.includes(host))).flat();
  await using connected = await connectSome(context, inventory, options, {
    names: [...new Set([...near, ...targets])],
  });
  // The others of a cluster only take over: one that is away cannot, and nothing more.
  throwFailures(
    [...connected.failures]
      .filter(([name]) => targets.includes(name))
      .map(([, reason]) => ({ status: 'rejected', reason })),
  );
  const { hosts } = connected;
  const [{ gatherAll }, { statusRequest }, { paths }] = await Promise.all([
    import('../facts/gather.ts'),
    import('../desired/facts-request.ts'),
    import('../desired/paths.ts'),
  ]);
  const { entry } = paths(inventory, 'keepalived');
  const decide = (facts: ReadonlyMap<HostName, HostFacts>): Plan =>
    planService({ ...wish, now: options.now === true }, targets, facts, inventory.vips, all, entry);
  const look = (signal: AbortSignal): Promise<ReadonlyMap<HostName, HostFacts>> =>
    gatherAll(hosts, () => ({ ...statusRequest(inventory), files: [entry] }), signal);
  const plan = decide(await look(context.signal));
  const json = options.json === true;
  if (json) printJson(context.out, { type: 'plan', ...planData(plan) }, 'line');
  if (countChanges(plan).changes === 0) {
    if (json) tell(context, wish, [], []);
    else for (const { host, what } of plan.same) context.out(`${host}: ${what}\n`);
    return exitCodes.ok;
  }
  // Starting and reloading interrupt nobody.
  if ((wish.verb === 'stop' || wish.verb === 'restart') && options.yes !== true) {
    if (!json) await printPlan(context, plan, options);
    if (!(await context.confirm(`${wish.verb} ${wish.service} on ${targets.join(', ')}?`))) {
      context.err('Nothing was changed.\n');
      return exitCodes.ok;
    }
  }
  const { lockFor, takenAway } = await import('../app/cluster-lock.ts');
  const command = `haup service ${wish.verb} ${wish.service}`;
  await using lock = await lockFor(context, { inventory, connected, why: command }, options);
  const signal = AbortSignal.any([context.signal, lock.lost]);
  // Who holds what may have changed while the question was asked.
  const facts = await look(signal);
  const task = {
    inventory,
    goal: inventory,
    plan: decide(facts),
    standing: snapshotsOf(facts),
    hosts,
    look,
    artifacts: makeArtifacts(context),
    command,
  };
  if (countChanges(task.plan).changes > 0) {
    await act({ ...context, signal }, task, options, takenAway(lock), facts);
  }
  const done = targets.filter((host) => !task.plan.same.some((one) => one.host === host));
  if (json) tell(context, wish, done, lock.findings);
  else for (const host of done) context.out(`${host}: ${wish.service} ${past[wish.verb]}\n`);
  return exitCodes.ok;
}

const tell = (
  context: Context,
  { verb, service: name }: Wish,
  hosts: readonly HostName[],
  findings: readonly Finding[],
): void =>
  printJson(context.out, { version: 1, ok: true, verb, service: name, hosts, findings, error: null }, 'line');
