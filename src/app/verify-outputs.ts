/** What a run of haup verify leaves on the operator's machine: the report, JUnit's file, a line of history. */

import { resolve } from 'node:path';
import { writeWhole } from '../base/own-file.ts';
import type { Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { VerifyReport } from '../model/report.ts';
import type { DrillComparison } from '../model/verify-history.ts';
import type { Context } from './command-context.ts';
import { outputObstacle } from './output-obstacle.ts';
import type { OutputOptions, VerifiedRun } from './verified-run.ts';

/**
 * Before anything is broken: every file can be written where it is to be.
 * @throws HaupError USAGE
 */
export async function assertWritable(
  context: Pick<Context, 'cwd'>,
  options: OutputOptions,
  inventory: Pick<Inventory, 'file'>,
): Promise<void> {
  const wanted = outputFiles(options);
  for (const [index, { flag, path }] of wanted.entries()) {
    const place = resolve(context.cwd, path);
    const twice = wanted.slice(0, index).find((other) => resolve(context.cwd, other.path) === place);
    const why =
      twice === undefined
        ? await outputObstacle(place, inventory.file)
        : `it is the file of ${twice.flag} too`;
    if (why === null) continue;
    throw new HaupError('USAGE', `${flag} ${path} cannot be written: ${why}.`, {
      hint: 'Nothing was drilled. Name a file in a directory that exists and that you may write to.',
    });
  }
}

const outputFiles = ({
  report,
  junit,
}: OutputOptions): readonly { readonly flag: string; readonly path: string }[] => [
  ...(report === undefined ? [] : [{ flag: '--report', path: report }]),
  ...(junit === undefined ? [] : [{ flag: '--junit', path: junit }]),
];

/**
 * Writes the files, then the line of history. Null: no comparison was asked for. A history that cannot be kept is said,
 * and fails a run only that wants to compare.
 * @throws HaupError COMMAND_FAILED, when a file could not be written after all
 */
export async function writeOutputs(
  context: Context,
  { inventory, views, report, options }: VerifiedRun,
): Promise<readonly DrillComparison[] | null> {
  const startedAt = report.startedAt ?? new Date(context.now()).toISOString();
  if (options.report !== undefined) {
    const { reportPageText } = await import('./report-page-text.ts');
    await write(
      context,
      options.report,
      await reportPageText(context, { inventory, views, report, options }, startedAt),
    );
  }
  if (options.junit !== undefined) {
    const { junitText } = await import('../report/junit-text.ts');
    await write(context, options.junit, junitText({ ...report, startedAt }));
  }
  return keepHistory(context, inventory, { ...report, startedAt }, startedAt, options.compare === true);
}

async function write(context: Context, path: string, text: string): Promise<void> {
  try {
    await writeWhole(resolve(context.cwd, path), text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HaupError('COMMAND_FAILED', `${path} could not be written: ${why}.`, {
      cause,
      hint: 'The drills are over, and their figures are above. Make room and run haup verify again for the file.',
    });
  }
  context.err(`wrote ${path}\n`);
}

async function keepHistory(
  context: Context,
  inventory: Inventory,
  report: VerifyReport,
  at: string,
  compare: boolean,
): Promise<readonly DrillComparison[] | null> {
  const { appendRun, historyPath, readRuns, verifyRun } = await import('./keep-runs.ts');
  const path = historyPath(context);
  const run = verifyRun(inventory, report, at, context.haupVersion);
  try {
    const earlier = compare ? await readRuns(path) : [];
    if (run.drills.length > 0) await appendRun(path, run);
    if (!compare) return null;
    const { compareRuns } = await import('../check/compare-runs.ts');
    return compareRuns(run, earlier);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (!compare) {
      context.err(`this run is not in the history: ${why}\n`);
      return null;
    }
    throw new HaupError('COMMAND_FAILED', `There is nothing to compare with: ${path}: ${why}.`, {
      cause,
      hint: `The drills are over, and their figures are above. Move ${path} out of the way, or set XDG_STATE_HOME.`,
    });
  }
}
