import type { HostName } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { exitCodes } from '../model/errors.ts';
import { connectSome } from '../app/connect.ts';
import type { Context } from '../app/command-context.ts';
import { limited, openInventory } from '../app/open-inventory.ts';
import type { GlobalOptions } from '../app/options.ts';
import { styleFor } from '../report/stream-style.ts';

/** `haup status`: exit code 0 when all is well, 3 with findings, 4 when no host could be reached. */
export async function status(
  context: Context,
  path: string | undefined,
  options: GlobalOptions,
): Promise<number> {
  const [{ gatherSome }, { statusRequest }, { statusReport }] = await Promise.all([
    import('../facts/gather.ts'),
    import('../desired/facts-request.ts'),
    import('../check/status-report.ts'),
  ]);
  const inventory = await openInventory(context, path);
  const names = limited(inventory, options.limit);
  await using connected = await connectSome(context, inventory, options, { names });
  const asked = await gatherSome(connected.hosts, () => statusRequest(inventory), context.signal);
  const facts = new Map<HostName, HostFacts | null>(
    names.map((name) => [name, asked.facts.get(name) ?? null]),
  );
  const askedAt = context.now();
  const { lookAtWire } = await import('../app/listen-on-wire.ts');
  const heard = await lookAtWire(inventory, connected.hosts, facts, context.signal);
  const report = statusReport(inventory, heard, askedAt);
  const failures = [...connected.failures.values(), ...asked.failures.values()];
  if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    printJson(context.out, report, 'pretty');
  } else {
    const { statusText } = await import('../report/status-text.ts');
    context.out(`${statusText(report, await styleFor(context.stdout), { width: context.stdout.columns })}\n`);
  }
  if (failures.length > 0) {
    const { errorText } = await import('../report/error-text.ts');
    const style = await styleFor(context.stderr);
    for (const error of failures) {
      context.err(
        `\n${errorText(error, style, { debug: options.debug === true, width: context.stderr.columns })}\n`,
      );
    }
    if (connected.hosts.size === 0) return exitCodes.unreachable;
  }
  return report.findings.every(({ level }) => level === 'ok') ? exitCodes.ok : exitCodes.findings;
}
