import type { Context } from '../app/command-context.ts';
import { moveHost } from '../app/move-host.ts';
import type { SessionOptions } from '../app/with-hosts.ts';
import { exitCodes } from '../model/errors.ts';
import { lineReporter } from '../report/line-reporter.ts';
import { styleFor } from '../report/stream-style.ts';

export interface FailoverOptions extends SessionOptions {
  /** Absent: `haup failback`. */
  readonly mode?: 'drain' | 'stop';
  readonly force?: boolean;
}

/** `haup failover HOST`: exit code 1 when it did not end well. */
export const failover = (
  context: Context,
  host: string,
  path: string | undefined,
  options: FailoverOptions,
): Promise<number> =>
  move(context, { host, mode: options.mode ?? 'drain', force: options.force === true }, path, options);

/** `haup failback HOST` */
export const failback = (
  context: Context,
  host: string,
  path: string | undefined,
  options: FailoverOptions,
): Promise<number> => move(context, { host, mode: 'failback', force: false }, path, options);

async function move(
  context: Context,
  wish: Parameters<typeof moveHost>[1],
  path: string | undefined,
  options: FailoverOptions,
): Promise<number> {
  const done = await moveHost(context, wish, path, options);
  if (done === null) return exitCodes.ok;
  const { report, nothing, findings, hookFindings } = done;
  if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    printJson(context.out, { ...report, findings }, 'pretty');
  } else if (nothing !== null) {
    context.out(`Nothing to do: ${nothing}.\n`);
  } else {
    const { failoverText } = await import('../report/failover-text.ts');
    context.out(`${failoverText(report, await styleFor(context.stdout), context.stdout.columns)}\n`);
  }
  const { emit } = lineReporter(context.err, { json: false });
  for (const finding of hookFindings) emit({ type: 'finding', finding });
  if (!report.ok) return exitCodes.failed;
  return hookFindings.length === 0 ? exitCodes.ok : exitCodes.findings;
}
