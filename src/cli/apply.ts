import type { HostFacts, HostName, Inventory, Tarball } from '../model/domain.ts';
import { exitCodes, HaupError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Host, Plan } from '../model/plan.ts';
import { countChanges, refuseDowngrades } from '../plan/plan.ts';
import { type PackStore, packStore } from '../run/packs.ts';
import type { Context } from './context.ts';
import { limited, openInventory } from './inventory.ts';
import { cacheDirectory, connectAndPrepare, packDirectory, planData, printPlan } from './plan.ts';
import type { GlobalOptions } from './program.ts';
import { styleFor } from './style.ts';

export interface ApplyOptions extends GlobalOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly allowDowngrade?: boolean;
  /** False: `--no-cached-builds`. */
  readonly cachedBuilds?: boolean;
}

/** `haup apply`: gather, decide, show, ask, act, report. */
export async function apply(
  context: Context,
  path: string | undefined,
  options: ApplyOptions,
): Promise<number> {
  const inventory = await openInventory(context, path);
  const names = limited(inventory, options.limit);
  const tarballs = new Map<string, Uint8Array>();
  const packs = packStore(packDirectory(context));
  const [connected, decide] = await connectAndPrepare(context, inventory, options, {
    names,
    cachedBuilds: options.cachedBuilds !== false,
    store: {
      tarball: ({ name, sha256 }) => {
        const bytes = tarballs.get(sha256);
        if (bytes === undefined) throw new Error(`${name} was not downloaded before it was needed`);
        return bytes;
      },
      pack: packs.bytes,
    },
  });
  await using _closed = connected;
  const [{ plan, facts }] = await Promise.all([decide(connected.hosts, context.signal), loadReports()]);
  const { changes, hosts } = countChanges(plan);
  if (options.json === true) context.out(`${JSON.stringify({ type: 'plan', ...planData(plan) })}\n`);
  else await printPlan(context, plan, options);
  if (changes === 0) {
    return reportFindings(context, inventory, facts, options);
  }
  if (options.dryRun === true) return exitCodes.findings;
  if (options.allowDowngrade !== true) refuseDowngrades(plan);
  if (
    options.yes !== true &&
    !(await context.confirm(`Make ${changes} changes on ${hosts} host${hosts === 1 ? '' : 's'}?`))
  ) {
    context.err('Nothing was changed.\n');
    return exitCodes.ok;
  }
  const { lockFor } = await import('./locked.ts');
  await using lock = await lockFor(context, connected.hosts, `haup apply ${inventory.file}`, options);
  const signal = AbortSignal.any([context.signal, lock.lost]);
  await act(
    { ...context, signal },
    inventory,
    plan,
    connected.hosts,
    { command: 'apply', tarballs, packs },
    options,
  );
  const after = await gatherAll(inventory, connected.hosts, context.signal);
  return reportFindings(context, inventory, after, options);
}

export interface ActSettings {
  /** Names the logs. */
  readonly command: string;
  readonly tarballs: Map<string, Uint8Array>;
  readonly packs: PackStore;
}

/** Executes a plan, and tells of it as it goes. */
export async function act(
  context: Context,
  inventory: Inventory,
  plan: Plan,
  hosts: ReadonlyMap<HostName, Host>,
  { command, tarballs, packs }: ActSettings,
  options: GlobalOptions,
): Promise<void> {
  const [{ execute }, { gate }, { openLogs }, { reporterFor }, { setTimeout: sleep }] = await Promise.all([
    import('../run/execute.ts'),
    import('../run/gate.ts'),
    import('./run-log.ts'),
    import('./reporter.ts'),
    import('node:timers/promises'),
  ]);
  const started = context.now();
  const involved = [...new Set(plan.tracks.flat().flatMap((stage) => stage.work.map(({ host }) => host)))];
  const reporter = await reporterFor(context, options, involved, plan);
  const logs = openLogs(context, command);
  try {
    await fetchTarballs(context, plan, tarballs, reporter.emit);
    await execute(
      plan,
      hosts,
      {
        emit: reporter.emit,
        now: context.now,
        log: logs.write,
        packs,
        gate: async (checks, members, signal) => {
          reporter.emit({
            type: 'said',
            text: checks.includes('released')
              ? `waiting until ${members.join(' and ')} has given its VIPs away`
              : 'waiting until every VIP has one holder and answers',
          });
          await gate(
            inventory,
            hosts,
            checks,
            members,
            { now: context.now, sleep: (ms, s) => sleep(ms, undefined, { signal: s }) },
            signal,
          );
        },
      },
      context.signal,
    );
    const { changes, hosts: count } = countChanges(plan);
    reporter.emit({
      type: 'said',
      text: `${changes} changes on ${count} hosts in ${((context.now() - started) / 1000).toFixed(1)} s`,
    });
  } catch (error) {
    reporter.end();
    if (error instanceof HaupError && logs.paths().length > 0) {
      context.err(
        `The whole output of ${logs.paths().length === 1 ? 'the host' : 'each host'} is in\n${logs
          .paths()
          .map((p) => `  ${p}`)
          .join('\n')}\n`,
      );
    }
    throw error;
  } finally {
    reporter.end();
    logs.close();
  }
}

/** Every tarball is here and checked before the first host is touched. */
async function fetchTarballs(
  context: Context,
  plan: Plan,
  into: Map<string, Uint8Array>,
  emit: Emit,
): Promise<void> {
  const wanted = new Map<string, Tarball>();
  for (const stage of plan.tracks.flat()) {
    for (const action of stage.work.flatMap(({ changes }) => changes).flatMap(({ actions }) => actions)) {
      if (action.do === 'upload') wanted.set(action.tarball.sha256, action.tarball);
    }
  }
  if (wanted.size === 0) return;
  const { download } = await import('../run/download.ts');
  const cache = `${cacheDirectory(context)}/tarballs`;
  await Promise.all(
    [...wanted.values()].map(async (tarball) => {
      const { bytes, from } = await download(tarball, cache, context.signal);
      into.set(tarball.sha256, bytes);
      emit({
        type: 'said',
        text: `${tarball.name} from ${from}, sha256 ${tarball.sha256.slice(0, 12)}… is right`,
      });
    }),
  );
}

async function gatherAll(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, HostFacts>> {
  const [{ gather }, { statusRequest }] = await Promise.all([
    import('../facts/gather.ts'),
    import('../desired/request.ts'),
  ]);
  return new Map(
    await Promise.all(
      [...hosts].map(
        async ([name, host]) => [name, await gather(host, statusRequest(inventory), signal)] as const,
      ),
    ),
  );
}

/** What every apply prints with, loaded while the hosts answer. */
const loadReports = (): Promise<
  [
    typeof import('../judge/status.ts'),
    typeof import('../report/status-text.ts'),
    typeof import('../report/plan-text.ts'),
    typeof import('./style.ts'),
  ]
> =>
  Promise.all([
    import('../judge/status.ts'),
    import('../report/status-text.ts'),
    import('../report/plan-text.ts'),
    import('./style.ts'),
  ]);

/** The last word of apply: how everything is now. Exit code 3 when something is wrong. */
async function reportFindings(
  context: Context,
  inventory: Inventory,
  facts: ReadonlyMap<HostName, HostFacts>,
  options: ApplyOptions,
): Promise<number> {
  const [{ statusReport }, { statusText }] = await loadReports();
  const report = statusReport(inventory, facts, context.now());
  if (options.json === true) context.out(`${JSON.stringify({ type: 'status', ...report })}\n`);
  else
    context.out(`${statusText(report, await styleFor(context.stdout), { width: context.stdout.columns })}\n`);
  return report.ok ? exitCodes.ok : exitCodes.findings;
}
