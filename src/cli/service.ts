import type { HostName, Service } from '../model/domain.ts';
import { exitCodes, HaupError } from '../model/errors.ts';
import { printJson } from '../report/json.ts';
import { throwFailures } from '../run/failures.ts';
import { connectAll } from './connect.ts';
import type { Context } from './context.ts';
import { knownHost, limited, openInventory } from './inventory.ts';
import type { GlobalOptions } from './program.ts';

export interface ServiceOptions extends GlobalOptions {
  readonly host?: string;
  readonly yes?: boolean;
}

export interface ServiceWish {
  readonly verb: 'start' | 'stop' | 'restart' | 'reload';
  readonly service: Service;
}

const past = { start: 'started', stop: 'stopped', restart: 'restarted', reload: 'reloaded' } as const;

/** `haup service VERB SERVICE`: one host after the other, so that a pair never goes at once. */
export async function service(
  context: Context,
  wish: ServiceWish,
  path: string | undefined,
  options: ServiceOptions,
): Promise<number> {
  const inventory = await openInventory(context, path);
  const names: readonly HostName[] =
    options.host === undefined ? limited(inventory, options.limit) : [knownHost(inventory, options.host)];
  const { verb } = wish;
  // Starting and reloading interrupt nobody; the others take a VIP's holder away.
  if ((verb === 'stop' || verb === 'restart') && options.yes !== true) {
    const agreed = await context.confirm(
      `${verb} ${wish.service} on ${names.join(', ')}? VIPs held there move or go.`,
    );
    if (!agreed) {
      context.err('Nothing was changed.\n');
      return exitCodes.ok;
    }
  }
  await using connected = await connectAll(context, inventory, options, { names });
  const { lockFor } = await import('./locked.ts');
  await using lock = await lockFor(
    context,
    { inventory, connected, why: `haup service ${verb} ${wish.service}` },
    options,
  );
  const done: HostName[] = [];
  const outcomes: PromiseSettledResult<unknown>[] = [];
  for (const name of names) {
    const host = connected.hosts.get(name);
    if (host === undefined) continue;
    const outcome = await Promise.allSettled([
      host.act({ do: 'service', service: wish.service, verb }, context.signal),
    ]);
    outcomes.push(...outcome);
    if (outcome[0].status === 'fulfilled') {
      done.push(name);
      if (options.json !== true) context.out(`${name}: ${wish.service} ${past[verb]}\n`);
    } else if (verb !== 'start') break; // what failed on one host is not done to the next
  }
  if (options.json === true) {
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    const error =
      failed?.reason instanceof HaupError
        ? { code: failed.reason.code, host: failed.reason.host, message: failed.reason.message }
        : null;
    const ok = failed === undefined;
    const said = { version: 1, ok, verb, service: wish.service, hosts: done, findings: lock.findings, error };
    printJson(context.out, said, 'line');
  }
  throwFailures(outcomes);
  return exitCodes.ok;
}
