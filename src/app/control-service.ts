import { clusters } from '../cluster/clusters.ts';
import { exitCodes } from '../model/errors.ts';
import type { HostName } from '../model/domain.ts';
import type { Finding } from '../model/plan.ts';
import { keepConnections } from '../plan/keep-connections.ts';
import { planService, type ServiceWish } from '../plan/plan-service.ts';
import { printJson } from '../report/json.ts';
import { changeHosts } from './change-hosts.ts';
import type { Context } from './command-context.ts';
import { numberOption } from './number-option.ts';
import { openInventory } from './open-inventory.ts';
import { printFindings } from './print-findings.ts';
import type { SessionOptions } from './with-hosts.ts';
import { targetsOf } from './targets.ts';

export interface ServiceOptions extends SessionOptions {
  /** Without draining, and without waiting between hosts. */
  readonly now?: boolean;
}

type Wish = Pick<ServiceWish, 'verb' | 'service'>;

const past = { start: 'started', stop: 'stopped', restart: 'restarted', reload: 'reloaded' } as const;

/** `haup service VERB SERVICE`: host by host, so that a cluster that serves goes on serving. Resolves to the exit code. */
export async function controlService(
  context: Context,
  wish: Wish,
  path: string | undefined,
  options: ServiceOptions,
): Promise<number> {
  const { verb, service } = wish;
  const inventory = await openInventory(context, path);
  const grace = numberOption('--grace', options.grace) ?? inventory.grace;
  const { targets, names } = targetsOf(inventory, options.limit);
  // Starting and reloading interrupt nothing.
  const asks = (verb === 'stop' || verb === 'restart') && options.yes !== true;
  return changeHosts(context, options, {
    inventory,
    names,
    // The other members only take over: one that cannot be reached just does not.
    needs: targets,
    command: `haup service ${verb} ${service}`,
    prepare: async () => {
      const [{ gatherAll }, { statusRequest }, { paths }] = await Promise.all([
        import('../facts/gather.ts'),
        import('../desired/facts-request.ts'),
        import('../desired/paths.ts'),
      ]);
      const { entry } = paths(inventory, 'keepalived');
      const request = { ...statusRequest(inventory), files: [entry] };
      const all = clusters(inventory);
      const order = { ...wish, now: options.now === true };
      return async (hosts, signal) => {
        const facts = await gatherAll(hosts, () => request, signal);
        const made = planService(order, targets, facts, inventory.vips, all, entry);
        const plan = keepConnections(made, grace, facts, inventory.vips);
        return { plan, facts, goal: inventory };
      };
    },
    question: () => (asks ? `${verb} ${service} on ${targets.join(', ')}?` : null),
    nothing: async ({ plan }) => {
      if (options.json === true) tell(context, wish, [], []);
      else for (const { host, what } of plan.same) context.out(`${host}: ${what}\n`);
      return exitCodes.ok;
    },
    report: async ({ decision: { plan }, lockFindings, hookFindings }) => {
      const done = targets.filter((host) => !plan.same.some((one) => one.host === host));
      if (options.json === true) tell(context, wish, done, [...lockFindings, ...hookFindings]);
      else {
        for (const host of done) context.out(`${host}: ${service} ${past[verb]}\n`);
        await printFindings(context, hookFindings);
      }
      return hookFindings.length === 0 ? exitCodes.ok : exitCodes.findings;
    },
  });
}

const tell = (
  context: Context,
  { verb, service }: Wish,
  hosts: readonly HostName[],
  findings: readonly Finding[],
): void =>
  printJson(context.out, { version: 1, ok: true, verb, service, hosts, findings, error: null }, 'line');
