import { exitCodes } from '../model/errors.ts';
import { printJson } from '../report/json.ts';
import { oneLine } from '../report/printable.ts';
import { connectAll } from './connect.ts';
import type { Context } from './context.ts';
import { limited, openInventory } from './inventory.ts';
import type { GlobalOptions } from './program.ts';

export interface UnlockOptions extends GlobalOptions {
  readonly yes?: boolean;
}

/** `haup unlock`: says who has the locks, asks, and takes them away. The command that had them stops. */
export async function unlock(
  context: Context,
  path: string | undefined,
  options: UnlockOptions,
): Promise<number> {
  const inventory = await openInventory(context, path);
  await using connected = await connectAll(context, inventory, options, {
    names: limited(inventory, options.limit),
  });
  const held = (
    await Promise.all(
      [...connected.hosts.values()].map(async (host) => ({
        host,
        owner: await host.lockOwner(context.signal),
      })),
    )
  ).flatMap(({ host, owner }) => (owner === null ? [] : [{ host, owner }]));
  // Whoever is asked needs to know, whatever the result is to look like.
  const say = options.json === true ? context.err : context.out;
  for (const { host, owner } of held)
    say(`${oneLine(`${host.name}: locked by ${owner.who} since ${owner.since} for ${owner.why}`)}\n`);
  if (held.length === 0) say('No host is locked.\n');
  if (
    held.length > 0 &&
    options.yes !== true &&
    !(await context.confirm('Take the lock away? The command that has it stops.'))
  ) {
    context.err('Nothing was changed.\n');
    return exitCodes.ok;
  }
  await Promise.all(held.map(({ host }) => host.breakLock(context.signal)));
  if (options.json === true) {
    const unlocked = held.map(({ host, owner }) => ({ host: host.name, ...owner }));
    printJson(context.out, { version: 1, ok: true, unlocked }, 'line');
  } else if (held.length > 0) context.out(`Unlocked ${held.map(({ host }) => host.name).join(', ')}.\n`);
  return exitCodes.ok;
}
