import type { HostName } from '../model/domain.ts';
import type { Reporter } from '../model/events.ts';
import type { Plan } from '../model/plan.ts';
import { lineReporter } from '../report/line-reporter.ts';
import type { Context } from './command-context.ts';
import type { GlobalOptions } from './options.ts';

/** Reports progress: a live board on a terminal, lines in a pipe, NDJSON with --json. */
export async function reporterFor(
  context: Context,
  options: GlobalOptions,
  hosts: readonly HostName[],
  plan?: Plan,
): Promise<Reporter> {
  if (options.json === true) return lineReporter(context.out, { json: true, now: context.now });
  if (!context.stderr.isTty || context.env['TERM'] === 'dumb')
    return lineReporter(context.err, { json: false });
  const { ttyReporter } = await import('../report/terminal.ts');
  return ttyReporter(context.stderrStream, {
    hosts,
    level: context.stderr.color,
    now: context.now,
    ...(plan === undefined ? {} : { plan }),
  });
}
