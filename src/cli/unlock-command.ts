import type { Context } from '../app/command-context.ts';
import type { SessionOptions } from '../app/with-hosts.ts';
import { unlock as breakLocks } from '../app/unlock.ts';
import { throwFailures } from '../base/failures.ts';
import { exitCodes } from '../model/errors.ts';
import { printJson } from '../report/json.ts';

/** `haup unlock` */
export async function unlock(
  context: Context,
  path: string | undefined,
  options: SessionOptions,
): Promise<number> {
  const { unlocked, outcomes, refused } = await breakLocks(context, path, options);
  if (!refused && options.json === true) {
    const ok = outcomes.every(({ status }) => status === 'fulfilled');
    printJson(context.out, { version: 1, ok, unlocked }, 'line');
  } else if (unlocked.length > 0) {
    context.out(`Unlocked ${unlocked.map(({ host }) => host).join(', ')}.\n`);
  }
  throwFailures(outcomes);
  return exitCodes.ok;
}
