import type { ChangeOptions } from '../app/change-hosts.ts';
import type { Context } from '../app/command-context.ts';
import { numberOption } from '../app/number-option.ts';
import { rollback as rollBack } from '../app/rollback.ts';
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
  return rollBack(context, { host, number: numberOption('--to', options.to) }, path, options);
}
