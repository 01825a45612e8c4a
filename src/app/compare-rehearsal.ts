import { compareHosts } from '../check/rehearsal-differences.ts';
import { HaupError } from '../model/errors.ts';
import type { HostComparison, StatusReport } from '../model/status-shape.ts';
import type { Context } from './command-context.ts';
import { gatherStatus } from './gather-status.ts';
import type { GlobalOptions } from './options.ts';

/** Looks at the real hosts of an inventory, and compares them with those of the lab. Changes nothing. */
export async function compareRehearsal(
  context: Context,
  path: string,
  options: GlobalOptions,
  lab: StatusReport,
): Promise<readonly HostComparison[]> {
  const real = await gatherStatus({ ...context, err: () => undefined }, path, options).catch(
    (error: unknown) => {
      if (context.signal.aborted || !(error instanceof HaupError)) throw error;
      return null;
    },
  );
  return compareHosts(lab, real?.report ?? null);
}
