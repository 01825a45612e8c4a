import type { Context } from '../app/command-context.ts';
import type { GlobalOptions } from '../app/options.ts';
import { planHosts } from '../app/plan-hosts.ts';
import { printPlan } from '../app/print-plan.ts';
import { exitCodes } from '../model/errors.ts';

/** `haup plan`: exit code 0 when apply would change nothing and there are no findings, else 3. */
export async function plan(
  context: Context,
  path: string | undefined,
  options: GlobalOptions & { readonly output?: string },
): Promise<number> {
  const planned = await planHosts(context, path, options);
  await printPlan(context, planned.plan, options, planned.findings);
  if (options.output !== undefined) {
    const { savePlan } = await import('../app/saved-plan.ts');
    await savePlan(context, options.output, planned, planned.texts);
  }
  return planned.settled ? exitCodes.ok : exitCodes.findings;
}
