import { exitCodes, HaupError } from '../model/errors.ts';
import { errorText } from '../report/error-text.ts';
import { errorData, printJson } from '../report/json.ts';
import type { Context } from '../app/command-context.ts';
import { styleFor } from '../report/stream-style.ts';

export interface ErrorReportOptions {
  readonly json: boolean;
  readonly debug: boolean;
}

/** Prints an error on stderr, with `--json` also as data on stdout. Resolves to its exit code. */
export async function reportError(
  context: Context,
  error: unknown,
  { json, debug }: ErrorReportOptions,
): Promise<number> {
  if (json) printJson(context.out, { version: 1, ok: false, error: errorData(error) }, 'line');
  context.err(
    `${errorText(error, await styleFor(context.stderr), {
      debug,
      versions: `haup ${context.haupVersion}, node ${context.nodeVersion}, ${context.platform}`,
      width: Math.min(context.stderr.columns, 100),
    })}\n`,
  );
  return error instanceof HaupError ? exitCodes[error.exit] : exitCodes.failed;
}
