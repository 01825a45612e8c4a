import type { Context } from '../app/command-context.ts';
import { verify as runVerify, type VerifyOptions } from '../app/verify.ts';
import { exitCodes } from '../model/errors.ts';
import { styleFor } from '../report/stream-style.ts';

/**
 * `haup verify`: exit code 0 when every drill kept its bound, 3 when one did not or could not be run. A run that was
 * broken off reports what it has measured, and ends with the exit code of its error.
 */
export async function verify(
  context: Context,
  path: string | undefined,
  options: VerifyOptions,
): Promise<number> {
  const done = await runVerify(context, path, options);
  if (done === null) return exitCodes.ok;
  const { report, error, findings } = done;
  if (options.json === true) {
    const { errorData, printJson } = await import('../report/json.ts');
    const said = error === null ? {} : { error: errorData(error) };
    printJson(context.out, { ...report, findings, ...said }, 'pretty');
  } else {
    const { verifyText } = await import('../report/verify-text.ts');
    context.out(`${verifyText(report, await styleFor(context.stdout), context.stdout.columns)}\n`);
  }
  if (error !== null) {
    const { reportError } = await import('./report-error.ts');
    return reportError(context, error, { json: false, debug: options.debug === true });
  }
  return report.ok ? exitCodes.ok : exitCodes.findings;
}
