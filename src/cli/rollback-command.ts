import type { ChangeOptions } from '../app/change-hosts.ts';
import type { Context } from '../app/command-context.ts';
import { rollback as rollBack } from '../app/rollback.ts';
import { HaupError } from '../model/errors.ts';
import { hostAndInventory } from './history-command.ts';

export interface RollbackOptions extends ChangeOptions {
  /** Number of a state. */
  readonly to?: string;
}

/** `haup rollback [HOST] [INVENTORY] [--to N]` */
export async function rollback(
  context: Context,
  given: readonly (string | undefined)[],
  options: RollbackOptions,
): Promise<number> {
  const { host, path } = await hostAndInventory(context, given);
  return rollBack(context, { host, number: numberOf(options.to) }, path, options);
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new HaupError('USAGE', `--to ${text} is not the number of a state.`, {
    hint: 'haup history shows them.',
  });
}
