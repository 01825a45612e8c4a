import type { Inventory, Vip } from '../model/domain.ts';
import { exitCodes, HaupError } from '../model/errors.ts';
import { rejection, throwFailures } from '../base/failures.ts';
import type { DrillName } from '../drill/drills.ts';
import { connectAll } from '../app/connect.ts';
import type { Context } from '../app/command-context.ts';
import { limited, openInventory } from '../app/open-inventory.ts';
import type { LockWish } from '../app/cluster-lock.ts';
import type { GlobalOptions } from '../app/options.ts';
import type { OutputOptions } from '../app/verify-outputs.ts';
import { styleFor } from '../report/stream-style.ts';
import { haupVersion } from '../app/haup-version.ts';

export interface VerifyOptions extends GlobalOptions, LockWish, OutputOptions {
  /** With --json: every request too. */
  readonly samples?: boolean;
  readonly yes?: boolean;
  readonly vip?: string;
  readonly drill?: readonly DrillName[];
}

/**
 * `haup verify`: exit code 0 when every drill kept its bound, 3 when one did not or could not be made. One that was broken
 * off reports what it has measured, and ends with the code of what broke it off.
 */
export async function verify(
  context: Context,
  path: string | undefined,
  options: VerifyOptions,
): Promise<number> {
  const drills = [...new Set(options.drill ?? (['stop'] as const))];
  if (options.report !== undefined || options.junit !== undefined)
    await (await import('../app/verify-outputs.ts')).assertWritable(context, options);
  const inventory = await openInventory(context, path);
  const vips = chosenVips(inventory, options);
  const names = inventory.hosts
    .map(({ name }) => name)
    .filter((name) => vips.some((vip) => vip.members.some(({ host }) => host === name)));
  const [connected, { viewHosts }, { openDrillEnvironment }, { verifyVips }, { lineReporter }] =
    await Promise.all([
      connectAll(context, inventory, options, { names }),
      import('../app/host-views.ts'),
      import('../app/drill-environment.ts'),
      import('../drill/verify-vips.ts'),
      import('../report/line-reporter.ts'),
    ]);
  await using _closed = connected;
  if (options.yes !== true && !(await context.confirm(question(vips, drills)))) {
    context.err('Nothing was changed.\n');
    return exitCodes.ok;
  }
  const { lockFor } = await import('../app/cluster-lock.ts');
  const why = `haup verify ${inventory.file}`;
  await using lock = await lockFor(context, { inventory, connected, why }, options);
  const signal = AbortSignal.any([context.signal, lock.lost]);
  const { views, failures } = await viewHosts(inventory, connected.hosts, signal);
  // Nobody would see whether such a host holds a VIP too.
  throwFailures([...failures.values()].map(rejection));
  const { emit } = lineReporter(context.err, { json: false });
  const tag = context.now().toString(36);
  const startedAt = new Date(context.now()).toISOString();
  const { report: measured, error } = await verifyVips(
    { inventory, vips, drills, views, tag },
    (limitMs) => openDrillEnvironment(inventory, connected.hosts, emit, limitMs, signal),
    signal,
  );
  const report = { ...measured, startedAt };
  const { writeOutputs } = await import('../app/verify-outputs.ts');
  // What was measured is shown whatever becomes of the files.
  const written = await writeOutputs(context, { inventory, views, report, options }).then(
    (comparison) => ({ comparison, error: null }),
    (cause: unknown) => ({ comparison: null, error: cause }),
  );
  const { comparison } = written;
  const failure = error ?? written.error;
  if (options.json === true) {
    const { errorData, printJson } = await import('../report/json.ts');
    const { withoutRequests } = await import('../report/without-requests.ts');
    printJson(
      context.out,
      {
        ...(options.samples === true ? report : withoutRequests(report)),
        findings: lock.findings,
        ...(comparison === null ? {} : { comparison }),
        ...(failure === null ? {} : { error: errorData(failure) }),
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
  if (failure !== null) {
    const { reportError } = await import('./report-error.ts');
    const debug = options.debug === true;
    return reportError(context, failure, { json: false, debug, version: haupVersion });
  }
  const worse = comparison?.some((one) => one.worse) === true;
  return report.ok && !worse ? exitCodes.ok : exitCodes.findings;
}

/** `--vip` chooses one, `--limit` those whose members are all among its hosts. */
function chosenVips(inventory: Inventory, { vip: wanted, limit }: VerifyOptions): readonly Vip[] {
  const hosts = limited(inventory, limit);
  const vips = inventory.vips.filter(
    (vip) =>
      (wanted === undefined || vip.address.address === wanted) &&
      (limit === undefined || vip.members.every(({ host }) => hosts.includes(host))),
  );
  if (vips.length > 0) return vips;
  throw new HaupError(
    'USAGE',
    wanted === undefined
      ? `No VIP has all its members among ${limit}.`
      : `The inventory has no VIP ${wanted}${limit === undefined ? '' : ` with all its members among ${limit}`}.`,
    {
      hint: `It has ${inventory.vips.map((vip) => vip.address.address).join(', ')}.`,
    },
  );
}

function question(vips: readonly Vip[], drills: readonly DrillName[]): string {
  const names = vips.map((vip) => vip.address.address);
  return drills.includes('stop')
    ? `Stop keepalived on the holder of ${names.join(', then of ')} and start it again? Each is out for the time that is measured.`
    : `Drain the holder of ${names.join(', then of ')} and undrain it again?`;
}
