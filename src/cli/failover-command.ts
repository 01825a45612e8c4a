import { randomUUID } from 'node:crypto';
import { keepalivedFeatures } from '../cluster/keepalived-features.ts';
import type { Views } from '../cluster/ability.ts';
import type { Decision } from '../move/decide-move.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { exitCodes, HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Emit } from '../model/events.ts';
import type { Action } from '../model/action.ts';
import type { Finding } from '../model/plan.ts';
import type { FailoverReport, Topology } from '../model/report.ts';
import { errorData } from '../report/json.ts';
import { graceOrders, graceSeconds } from '../app/graces.ts';
import { connectSome } from '../app/connect.ts';
import type { Context } from '../app/command-context.ts';
import type { RunHooks } from '../app/hooks.ts';
import { knownHost, openInventory } from '../app/open-inventory.ts';
import type { LockWish } from '../app/cluster-lock.ts';
import type { GlobalOptions } from '../app/options.ts';
import { styleFor } from '../report/stream-style.ts';

export interface FailoverOptions extends GlobalOptions, LockWish {
  readonly yes?: boolean;
  /** Absent: `haup failback`. */
  readonly mode?: 'drain' | 'stop';
  readonly force?: boolean;
  /** Seconds in which open connections live on. */
  readonly grace?: string;
}

/** `haup failover HOST`: every VIP off it; it stays out of service until failback. Exit code 1: it did not end well. */
export const failover = (
  context: Context,
  host: string,
  path: string | undefined,
  options: FailoverOptions,
): Promise<number> => move(context, host, path, options, options.mode ?? 'drain');

/** `haup failback HOST`: back into service; the VIPs that are its own return. */
export const failback = (
  context: Context,
  host: string,
  path: string | undefined,
  options: FailoverOptions,
): Promise<number> => move(context, host, path, options, 'failback');

async function move(
  context: Context,
  wanted: string,
  path: string | undefined,
  options: FailoverOptions,
  mode: FailoverReport['mode'],
): Promise<number> {
  const grace = graceSeconds(options.grace);
  const inventory = await openInventory(context, path);
  const host = knownHost(inventory, wanted);
  // Whoever shares a VIP with it, and whoever shares one with those: the picture that is shown.
  const vips = inventory.vips.filter((vip) => vip.members.some((member) => member.host === host));
  const names = inventory.hosts
    .map(({ name }) => name)
    .filter(
      (name) => name === host || vips.some((vip) => vip.members.some((member) => member.host === name)),
    );
  const [connected, { viewHosts }, { openDrillEnvironment }, { moveVips }, { lineReporter }] =
    await Promise.all([
      connectSome(context, inventory, options, { names }),
      import('../app/host-views.ts'),
      import('../app/drill-environment.ts'),
      import('../move/move-vips.ts'),
      import('../report/line-reporter.ts'),
    ]);
  await using _closed = connected;
  const unreachable = connected.failures.get(host);
  if (unreachable !== undefined) throw unreachable;
  const { emit } = lineReporter(context.err, { json: false });
  const { lockFor } = await import('../app/cluster-lock.ts');
  const why = `haup ${mode === 'failback' ? 'failback' : 'failover'} ${host}`;
  await using lock = await lockFor(context, { inventory, connected, needs: [host], why }, options);
  const signal = AbortSignal.any([context.signal, lock.lost]);
  const { views, failures } = await viewHosts(inventory, connected.hosts, signal);
  const ill = failures.get(host);
  if (ill !== undefined) throw ill;
  const findings = [...lock.findings, ...[...failures].map(([name, error]) => unseen(name, error))];
  for (const [name, error] of failures) emit({ type: 'finding', finding: unseen(name, error) });
  const watched = new Map([...connected.hosts].filter(([name]) => !failures.has(name)));
  await using environment = await openDrillEnvironment(inventory, watched, emit, watchMs(inventory), signal);
  const decision = await decide(
    inventory,
    host,
    mode,
    views,
    (address) => environment.watch.holders(address),
    options.force === true,
  );
  const now = vips.map((vip) => ({
    address: vip.address.address,
    holders: environment.watch.holders(vip.address.address),
  }));
  if (decision.kind === 'refuse') throw refusal(host, mode, decision);
  if (decision.kind === 'nothing') {
    const report: FailoverReport = {
      version: 1,
      ok: true,
      host,
      mode,
      vips: [],
      before: now,
      after: now,
      reasons: [],
    };
    if (options.json === true) await show(context, { ...report, findings }, options);
    else context.out(`Nothing to do: ${decision.why}.\n`);
    return exitCodes.ok;
  }
  if (options.yes !== true && !(await agreed(context, host, mode, decision, now))) {
    context.err('Nothing was changed.\n');
    return exitCodes.ok;
  }
  const actions = actionsOf(mode, views, host);
  const order = {
    host,
    mode,
    moves: decision.moves,
    actions,
    vips,
    vrrp: inventory.vrrp,
    nginx: inventory.nginx,
    force: options.force === true,
    graces: mode === 'stop' || grace === 0 ? [] : graceOrders(inventory, decision.moves, factsOf(views)),
    graceSeconds: grace,
  };
  const about = { host, mode, vips: vips.map(({ address }) => address.address) };
  const hooks = await hooksOf({ ...context, signal }, inventory, why, emit);
  await hooks.before('before_failover', about);
  const report = await moveVips(order, environment, signal).catch(async (error: unknown) => {
    await hooks.after('after_failover', { ...about, ok: false, error: errorData(error) });
    throw error;
  });
  await hooks.after('after_failover', { ...about, ok: report.ok, report });
  await show(context, { ...report, findings }, options);
  for (const finding of hooks.findings()) emit({ type: 'finding', finding });
  if (!report.ok) return exitCodes.failed;
  return hooks.findings().length === 0 ? exitCodes.ok : exitCodes.findings;
}

/** A person may take as long to answer as the lock is kept; what is moved then takes what VRRP's timers say, and some. */
const watchMs = ({ vrrp }: Inventory): number => 13 * 3_600_000 + vrrp.preemptDelay * 1000;

/** A host that is there, but on which something hangs: the others do without it. */
const unseen = (host: HostName, { message }: HaupError): Finding => ({
  check: 'reachable',
  level: 'warn',
  host,
  message: `is left out: ${message}`,
  hint: 'Whether it holds a VIP is not seen. Look at it by ssh.',
});

async function hooksOf(
  context: Context,
  inventory: Inventory,
  command: string,
  emit: Emit,
): Promise<RunHooks> {
  const { runHooks } = await import('../app/hooks.ts');
  const run = { command, run: randomUUID() };
  return runHooks(context, inventory, run, (text) => emit({ type: 'said', text }));
}

async function decide(
  inventory: Inventory,
  host: HostName,
  mode: FailoverReport['mode'],
  views: Views,
  holders: (address: string) => readonly HostName[],
  force: boolean,
): Promise<Decision> {
  const { decideFailback, decideFailover } = await import('../move/decide-move.ts');
  const situation = { inventory, host, views, holders, force };
  if (mode === 'failback') return decideFailback(situation);
  const version = views.get(host)?.facts?.software.keepalived?.version ?? inventory.keepalived.version;
  const canDrain = inventory.vrrp.profile === 'default' && keepalivedFeatures(version).trackFile;
  return decideFailover({ ...situation, mode, canDrain });
}

const factsOf = (views: Views): ReadonlyMap<HostName, HostFacts> =>
  new Map([...views].flatMap(([name, { facts }]) => (facts === null ? [] : [[name, facts] as const])));

function actionsOf(mode: FailoverReport['mode'], views: Views, host: HostName): readonly Action[] {
  if (mode === 'drain') return [{ do: 'drain' }];
  if (mode === 'stop') return [{ do: 'service', service: 'keepalived', verb: 'stop' }];
  const running = views.get(host)?.facts?.services.keepalived.active === 'active';
  return [
    { do: 'undrain' },
    ...(running ? [] : [{ do: 'service', service: 'keepalived', verb: 'start' } as const]),
  ];
}

function refusal(
  host: HostName,
  mode: FailoverReport['mode'],
  { reasons, forcible }: Extract<Decision, { kind: 'refuse' }>,
): HaupError {
  const hint =
    mode === 'failback'
      ? 'Nothing was changed. Mend that first; haup status shows how the host is.'
      : forcible
        ? 'Nothing was changed. Mend that first (haup status), or go on at your own risk with --force.'
        : 'Nothing was changed. haup failover --mode stop stops keepalived in place of a drain.';
  return new HaupError(
    'FAILOVER_REFUSED',
    `The ${mode === 'failback' ? 'failback' : 'failover'} would do harm: ${reasons.join('; ')}.`,
    { host, hint },
  );
}

async function agreed(
  context: Context,
  host: HostName,
  mode: FailoverReport['mode'],
  { moves }: Extract<Decision, { kind: 'move' }>,
  now: readonly Topology[],
): Promise<boolean> {
  const { topologyText } = await import('../report/failover-text.ts');
  const style = await styleFor(context.stderr);
  context.err(`${topologyText(now, style, context.stderr.columns)}\n\n`);
  const going =
    moves.map(({ vip, to }) => `${vip.address.address} to ${to?.host ?? 'nobody'}`).join(', ') ||
    'no VIP moves';
  const how = {
    drain: `Drain ${host}`,
    stop: `Stop keepalived on ${host}`,
    failback: `Put ${host} back into service`,
  }[mode];
  return context.confirm(`${how} (${going})?`);
}

async function show(
  context: Context,
  report: FailoverReport & { readonly findings: readonly Finding[] },
  options: FailoverOptions,
): Promise<void> {
  if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    printJson(context.out, report, 'pretty');
    return;
  }
  const { failoverText } = await import('../report/failover-text.ts');
  context.out(`${failoverText(report, await styleFor(context.stdout), context.stdout.columns)}\n`);
}
