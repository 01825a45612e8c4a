import type { Context } from '../app/command-context.ts';
import { gatherStatus } from '../app/gather-status.ts';
import type { GlobalOptions } from '../app/options.ts';
import { exitCodes } from '../model/errors.ts';
import { styleFor } from '../report/stream-style.ts';

/** `haup status`: exit code 0 when all is well, 3 with findings, 4 when no host could be reached. */
export async function status(
  context: Context,
  path: string | undefined,
  options: GlobalOptions,
): Promise<number> {
  const { report, failures, reached } = await gatherStatus(context, path, options);
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
    const how = { debug: options.debug === true, width: context.stderr.columns };
    for (const error of failures) context.err(`\n${errorText(error, style, how)}\n`);
    if (!reached) return exitCodes.unreachable;
  }
  return report.findings.every(({ level }) => level === 'ok') ? exitCodes.ok : exitCodes.findings;
}
