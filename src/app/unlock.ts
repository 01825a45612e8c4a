import { oneLine } from '../base/printable.ts';
import type { LockOwner } from '../model/lock-owner.ts';
import type { Context } from './command-context.ts';
import { limited, openInventory } from './open-inventory.ts';
import { agreed, type SessionOptions, withHosts } from './with-hosts.ts';

export interface Unlocking {
  /** The locks that were broken, and who held them. */
  readonly unlocked: readonly ({ readonly host: string } & LockOwner)[];
  /** What each host answered: one that hangs hides no other. */
  readonly outcomes: readonly PromiseSettledResult<unknown>[];
}

/** `haup unlock`: connect, look, show, ask, break the locks. The command that held one stops. */
export async function unlock(
  context: Context,
  path: string | undefined,
  options: SessionOptions,
): Promise<Unlocking & { readonly refused: boolean }> {
  const inventory = await openInventory(context, path);
  const names = limited(inventory, options.limit);
  return withHosts(context, inventory, options, { names }, async ({ hosts }) => {
    const asked = await Promise.allSettled(
      [...hosts.values()].map(async (host) => ({ host, owner: await host.lockOwner(context.signal) })),
    );
    const answered = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const held = answered.flatMap(({ host, owner }) => (owner === null ? [] : [{ host, owner }]));
    // With --json too, an operator who is asked has to know about what.
    const say = options.json === true ? context.err : context.out;
    for (const { host, owner } of held)
      say(`${oneLine(`${host.name}: locked by ${owner.who} since ${owner.since} for ${owner.why}`)}\n`);
    if (held.length === 0 && answered.length > 0)
      say(answered.length === asked.length ? 'No host is locked.\n' : 'No host that answered is locked.\n');
    const question = 'Break the lock? The command that holds it stops.';
    if (held.length > 0 && !(await agreed(context, options, question))) {
      context.err('Nothing was changed.\n');
      return { unlocked: [], outcomes: asked, refused: true };
    }
    const broken = await Promise.allSettled(held.map(({ host }) => host.breakLock(context.signal)));
    const unlocked = held
      .filter((_, index) => broken[index]?.status === 'fulfilled')
      .map(({ host, owner }) => ({ host: host.name, ...owner }));
    return { unlocked, outcomes: [...asked, ...broken], refused: false };
  });
}
