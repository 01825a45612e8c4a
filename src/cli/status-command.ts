import type { Context } from '../app/command-context.ts';
import { gatherStatus } from '../app/gather-status.ts';
import type { GlobalOptions } from '../app/options.ts';
import type { StatusLook } from '../app/watch-status.ts';
import { exitCodes, type HaupError } from '../model/errors.ts';
import { styleFor } from '../report/stream-style.ts';

export interface StatusOptions extends GlobalOptions {
  readonly watch?: boolean;
}

/**
 * `haup status`: exit code 0 when all is well, 3 with findings, 4 when no host could be reached. With `--watch` it goes on
 * until it is interrupted.
 */
export async function status(
  context: Context,
  path: string | undefined,
  options: StatusOptions,
): Promise<number> {
  if (options.watch === true) return watch(context, path, options);
  const { report, failures, reached } = await gatherStatus(context, path, options);
  if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    printJson(context.out, report, 'pretty');
  } else {
    const { statusText } = await import('../report/status-text.ts');
    context.out(`${statusText(report, await styleFor(context.stdout), { width: context.stdout.columns })}\n`);
  }
  await printFailures(context, options, failures);
  if (failures.length > 0 && !reached) return exitCodes.unreachable;
  return report.findings.every(({ level }) => level === 'ok') ? exitCodes.ok : exitCodes.findings;
}

async function watch(context: Context, path: string | undefined, options: StatusOptions): Promise<number> {
  const [{ watchStatus }, watching] = await Promise.all([
    import('../app/watch-status.ts'),
    watcherFor(context, options),
  ]);
  let failures: readonly HaupError[];
  try {
    failures = await watchStatus(context, path, options, watching.show);
  } finally {
    watching.end();
  }
  if (context.signal.aborted) return exitCodes.interrupted;
  await printFailures(context, options, failures);
  return exitCodes.unreachable;
}

interface Watching {
  readonly show: (look: StatusLook) => void;
  readonly end: () => void;
}

/** NDJSON with --json, the whole terminal where there is one, else a line for each change. */
async function watcherFor(context: Context, options: StatusOptions): Promise<Watching> {
  if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    let begun = false;
    const print = (data: object, nowMs: number): void =>
      printJson(context.out, { time: new Date(nowMs).toISOString(), ...data }, 'line');
    return {
      show: ({ report, waiting, changes, nowMs }) => {
        if (waiting.length > 0) return;
        if (begun) for (const change of changes) print(change, nowMs);
        else print({ type: 'status', ...report }, nowMs);
        begun = true;
      },
      end: () => undefined,
    };
  }
  const { watchFrame, watchLine } = await import('../report/watch-text.ts');
  if (!context.stdout.isTty || context.env['TERM'] === 'dumb') {
    return {
      show: ({ changes, nowMs }) => {
        for (const change of changes) context.out(`${watchLine(change, nowMs)}\n`);
      },
      end: () => undefined,
    };
  }
  const { liveScreen } = await import('../report/live-screen.ts');
  const style = await styleFor(context.stdout);
  let last: StatusLook | null = null;
  let screen: ReturnType<typeof liveScreen> | null = null;
  const end = (): void => screen?.end();
  // Before anything else is written, and also when a second signal ends the process.
  context.signal.addEventListener('abort', end, { once: true });
  return {
    show: (look) => {
      last = look;
      // Not before there is something to show: what the inventory has to say goes to the screen of the shell.
      screen ??= liveScreen(context.stdoutStream, (columns, rows) =>
        watchFrame(last ?? look, context.now(), style, columns, rows),
      );
      screen.refresh();
    },
    end,
  };
}

async function printFailures(
  context: Context,
  options: StatusOptions,
  failures: readonly HaupError[],
): Promise<void> {
  if (failures.length === 0) return;
  const { errorText } = await import('../report/error-text.ts');
  const style = await styleFor(context.stderr);
  const how = { debug: options.debug === true, width: context.stderr.columns };
  for (const error of failures) context.err(`\n${errorText(error, style, how)}\n`);
}
