import { chooseDrills } from '../drill/choose-drills.ts';
import type { VerifyOutcome } from '../drill/verify-vips.ts';
import { rejection, throwFailures } from '../base/failures.ts';
import type { Inventory, Vip } from '../model/domain.ts';
import type { VipMove } from '../move/decide-move.ts';
import { HaupError } from '../model/errors.ts';
import { type DrillName, faults } from '../model/fault.ts';
import type { Finding } from '../model/plan.ts';
import type { DrillComparison } from '../model/verify-history.ts';
import type { Context } from './command-context.ts';
import { measuredAs, type MeasuringOptions } from './measuring-options.ts';
import { limited, openInventory } from './open-inventory.ts';
import type { OutputOptions } from './verified-run.ts';
import { numberOption } from './number-option.ts';
import { agreed, type SessionOptions, withHosts } from './with-hosts.ts';
import { vipsByHost } from '../cluster/clusters.ts';

export interface VerifyOptions extends SessionOptions, OutputOptions, MeasuringOptions {
  /** With --json: every request too. */
  readonly samples?: boolean;
  readonly vip?: string;
  readonly drill?: readonly string[];
  /** How often each drill runs. */
  readonly count?: string;
  /** Seconds that each fault lasts at least. */
  readonly hold?: string;
}

export interface Verification extends VerifyOutcome {
  /** About the lock; printed already. */
  readonly findings: readonly Finding[];
  /** With the last run and with the best; null: not asked for. */
  readonly comparison: readonly DrillComparison[] | null;
}

const load = () =>
  Promise.all([
    import('../drill/verify-vips.ts'),
    import('../report/line-reporter.ts'),
    import('./host-views.ts'),
    import('./verify-outputs.ts'),
    import('./graces.ts'),
    import('./move-decision.ts'),
  ]);

/** The drill `link` cuts a host off for longer than a host may otherwise be silent. */
const silenceOfDrillsMs = 40_000;

/** `haup verify`: connect, ask, lock, look, drill, write, report. Null: the operator said no. */
export async function verify(
  context: Context,
  path: string | undefined,
  options: VerifyOptions,
): Promise<Verification | null> {
  const inventory = measuredAs(await openInventory(context, path), options);
  if (options.report !== undefined || options.junit !== undefined)
    await (await import('./verify-outputs.ts')).assertWritable(context, options, inventory);
  const drills = chooseDrills(options.drill ?? ['stop'], inventory);
  const count = numberOption('--count', options.count) ?? 1;
  const hold = numberOption('--hold', options.hold);
  const grace = numberOption('--grace', options.grace) ?? inventory.grace;
  const vips = chosenVips(inventory, options);
  const names = [...vipsByHost(vips).keys()];
  const settings = { names, prepare: load, silenceMs: silenceOfDrillsMs };
  return withHosts(context, inventory, options, settings, async (session, modules) => {
    const [{ verifyVips }, { lineReporter }, { viewHosts }, { writeOutputs }, { graceOrders }, { factsOf }] =
      modules;
    const why = `haup verify ${inventory.file}`;
    const confirm = (): Promise<boolean> => agreed(context, options, question(vips, drills, count));
    return session.change({ why, confirm }, async ({ signal, findings, lock }) => {
      const hosts = new Map(session.hosts);
      const { views, failures } = await viewHosts(inventory, hosts, signal);
      // Whether such a host holds a VIP too could not be seen.
      throwFailures([...failures.values()].map(rejection));
      const { emit } = lineReporter(context.err, { json: false });
      const tag = context.now().toString(36);
      const startedAt = new Date(context.now()).toISOString();
      const reboots = drills.includes('reboot') ? await import('./rebooting-hosts.ts') : null;
      const here = (await reboots?.ownHost(hosts, signal)) ?? null;
      const keep = {
        seconds: grace,
        orders: (moves: readonly VipMove[]) => graceOrders(inventory, moves, factsOf(views)),
      };
      await using comebacks = reboots?.comebacks(context, inventory, options, hosts, lock) ?? null;
      const { report: measured, error } = await verifyVips(
        {
          inventory,
          vips,
          drills,
          count,
          ...(hold === null ? {} : { hold }),
          views,
          tag,
          ...(grace === 0 ? {} : { keep }),
          ...(here === null ? {} : { here }),
        },
        (limitMs) => context.openEnvironment(inventory, hosts, emit, limitMs, signal, comebacks ?? undefined),
        signal,
      );
      const report = { ...measured, startedAt };
      // What was measured is shown whatever becomes of the files.
      return await writeOutputs(context, { inventory, views, report, options }).then(
        (comparison) => ({ report, error, findings, comparison }),
        (cause: unknown) => ({ report, error: error ?? cause, findings, comparison: null }),
      );
    });
  });
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

function question(vips: readonly Vip[], drills: readonly DrillName[], count: number): string {
  const names = vips.map((vip) => vip.address.address).join(', then of ');
  const often = count === 1 ? '' : `, ${count} times each`;
  if (drills.every((name) => name === 'drain'))
    return `Drain the holder of ${names} and undrain it again${often}?`;
  const what = drills.map((name) => `${name} (${faults[name]})`).join(', ');
  return `Break the holder of ${names} on purpose and restore it${often}: ${what}? The VIP is out for the time that is measured.`;
}
