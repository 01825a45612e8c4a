import { exitCodes } from '../model/errors.ts';
import { printJson } from '../report/json.ts';
import { oneLine } from '../base/printable.ts';
import { connectAll } from '../app/connect.ts';
import { throwFailures } from '../base/failures.ts';
import type { Context } from '../app/command-context.ts';
import { limited, openInventory } from '../app/open-inventory.ts';
import type { GlobalOptions } from '../app/options.ts';

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
  // A host on which something hangs hides no other.
  const asked = await Promise.allSettled(
    [...connected.hosts.values()].map(async (host) => ({
      host,
      owner: await host.lockOwner(context.signal),
    })),
  );
  const held = asked.flatMap((answer) =>
    answer.status === 'fulfilled' && answer.value.owner !== null
      ? [{ host: answer.value.host, owner: answer.value.owner }]
      : [],
  );
  const answered = asked.filter(({ status }) => status === 'fulfilled').length;
  // Whoever is asked needs to know, whatever the result is to look like.
  const say = options.json === true ? context.err : context.out;
  for (const { host, owner } of held)
    say(`${oneLine(`${host.name}: locked by ${owner.who} since ${owner.since} for ${owner.why}`)}\n`);
  if (held.length === 0 && answered > 0)
    say(answered === asked.length ? 'No host is locked.\n' : 'No host that answered is locked.\n');
  if (
    held.length > 0 &&
    options.yes !== true &&
    !(await context.confirm('Take the lock away? The command that has it stops.'))
  ) {
    context.err('Nothing was changed.\n');
    throwFailures(asked);
    return exitCodes.ok;
  }
  const broken = await Promise.allSettled(held.map(({ host }) => host.breakLock(context.signal)));
  const unlocked = held.filter((_, index) => broken[index]?.status === 'fulfilled');
  if (options.json === true) {
    const ok = unlocked.length === held.length && answered === asked.length;
    const said = unlocked.map(({ host, owner }) => ({ host: host.name, ...owner }));
    printJson(context.out, { version: 1, ok, unlocked: said }, 'line');
  } else if (unlocked.length > 0)
    context.out(`Unlocked ${unlocked.map(({ host }) => host.name).join(', ')}.\n`);
  throwFailures([...asked, ...broken]);
  return exitCodes.ok;
}
