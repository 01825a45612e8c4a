import type { Context } from '../app/command-context.ts';
import { verify as runVerify, type VerifyOptions } from '../app/verify.ts';
import { exitCodes } from '../model/errors.ts';
import { styleFor } from '../report/stream-style.ts';

/**
 * `haup verify`: exit code 0 when every drill kept its bound, 3 when one did not or could not be run, or was worse than
 * before. A run that was broken off reports what it has measured, and ends with the exit code of its error.
 */
export async function verify(
  context: Context,
  path: string | undefined,
  options: VerifyOptions,
): Promise<number> {
  const done = await runVerify(context, path, options);
  if (done === null) return exitCodes.ok;
  const { report, error, findings, comparison } = done;
  if (options.json === true) {
    const { errorData, printJson } = await import('../report/json.ts');
    const { withoutRequests } = await import('../report/without-requests.ts');
    printJson(
      context.out,
      {
        ...(options.samples === true ? report : withoutRequests(report)),
        findings,
        ...(comparison === null ? {} : { comparison }),
        ...(error === null ? {} : { error: errorData(error) }),
      },
      options.samples === true ? 'line' : 'pretty',
    );
  } else {
    const { verifyText } = await import('../report/verify-text.ts');
    const style = await styleFor(context.stdout);
    context.out(`${verifyText(report, style, context.stdout.columns)}\n`);
    if (comparison !== null) {
      const { comparisonText } = await import('../report/comparison-text.ts');
      context.out(`\n${comparisonText(comparison, style, context.stdout.columns)}\n`);
    }
  }
  if (error !== null) {
    const { reportError } = await import('./report-error.ts');
    return reportError(context, error, { json: false, debug: options.debug === true });
  }
  const worse = comparison?.some((one) => one.worse) === true;
  return report.ok && !worse ? exitCodes.ok : exitCodes.findings;
}
