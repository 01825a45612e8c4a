import { exitCodes } from '../model/errors.ts';
import { judgeWire } from '../check/wire.ts';
import { countChanges } from '../plan/make-plan.ts';
import type { Context } from '../app/command-context.ts';
import { limited, openWithTexts } from '../app/open-inventory.ts';
import { connectAndPrepare } from '../app/prepare-decision.ts';
import { printPlan } from '../app/print-plan.ts';
import type { GlobalOptions } from '../app/options.ts';

/** `haup plan`: what apply would change. Exit code 0 when there is nothing, 3 when there is, or when there are findings. */
export async function plan(
  context: Context,
  path: string | undefined,
  options: GlobalOptions & { readonly output?: string },
): Promise<number> {
  const { inventory, texts } = await openWithTexts(context, path);
  const names = limited(inventory, options.limit);
  const [connected, decision] = await connectAndPrepare(context, inventory, options, { names });
  await using _closed = connected;
  const made = await decision(connected.hosts, context.signal);
  const findings = inventory.vips.flatMap((vip) => judgeWire(vip, made.facts));
  await printPlan(context, made.plan, options, findings);
  if (options.output !== undefined) {
    const { savePlan } = await import('../app/saved-plan.ts');
    await savePlan(context, options.output, made, texts);
  }
  return countChanges(made.plan).changes === 0 && findings.length === 0 ? exitCodes.ok : exitCodes.findings;
}
