import { randomUUID } from 'node:crypto';
import type { Views } from '../cluster/ability.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import type { HaupError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Host } from '../model/host.ts';
import type { Finding } from '../model/plan.ts';
import type { FailoverReport, Topology } from '../model/failover-shape.ts';
import type { Decision } from '../move/decide-move.ts';
import type { MoveOrder } from '../move/move-vips.ts';
import { errorData } from '../report/json.ts';
import { styleFor } from '../report/stream-style.ts';
import type { Context } from './command-context.ts';
import type { RunHooks } from './hooks.ts';
import type { viewHosts } from './host-views.ts';
import type { MoveWish } from './move-decision.ts';
import { numberOption } from './number-option.ts';
import { knownHost, openInventory } from './open-inventory.ts';
import { agreed, type SessionOptions, withHosts } from './with-hosts.ts';
import { vipsByHost } from '../cluster/clusters.ts';

export interface HostMove {
  readonly report: FailoverReport;
  /** Why there was nothing to do; null: the host was moved. */
  readonly nothing: string | null;
  /** About the lock and hosts that were left out; printed already. */
  readonly findings: readonly Finding[];
  /** Of after-hooks that failed. */
  readonly hookFindings: readonly Finding[];
}

const load = () =>
  Promise.all([
    import('../move/move-vips.ts'),
    import('../report/line-reporter.ts'),
    import('./host-views.ts'),
    import('./move-decision.ts'),
    import('../move/decide-move.ts'),
  ]);

/**
 * `haup failover HOST` moves every VIP off a host, `haup failback HOST` gives it its own back: connect, look, decide,
 * show, ask, lock, look again, move, report. Null: the operator said no.
 */
export async function moveHost(
  context: Context,
  given: Omit<MoveWish, 'graceSeconds'>,
  path: string | undefined,
  options: SessionOptions,
): Promise<HostMove | null> {
  const inventory = await openInventory(context, path);
  const wish: MoveWish = {
    ...given,
    host: knownHost(inventory, given.host),
    graceSeconds: numberOption('--grace', options.grace) ?? inventory.grace,
  };
  const { host, mode } = wish;
  const why = `haup ${mode === 'failback' ? 'failback' : 'failover'} ${host}`;
  const vips = inventory.vips.filter((vip) => vip.members.some((member) => member.host === host));
  const names = [...new Set([host, ...vipsByHost(vips).keys()])];
  const settings = { names, needs: [host], prepare: load };
  return withHosts(context, inventory, options, settings, async (session, modules) => {
    const [{ moveVips }, { lineReporter }, views, moves, { decideMove }] = modules;
    const { emit } = lineReporter(context.err, { json: false });
    const look = (hosts: Hosts, signal: AbortSignal): Promise<Seen> =>
      seenBy(views.viewHosts(inventory, hosts, signal), host, hosts, emit);
    const seen = await look(session.hosts, context.signal);
    const limit = watchMs(inventory);
    await using world = await context.openEnvironment(inventory, seen.hosts, emit, limit, context.signal);
    const holders = (address: string): readonly HostName[] => world.watch.holders(address);
    const topology = (): readonly Topology[] =>
      vips.map(({ address: { address } }) => ({ address, holders: holders(address) }));
    const unmoved = (nothing: string, findings: readonly Finding[]): HostMove => ({
      report: moves.unmovedReport(wish, topology()),
      nothing,
      findings,
      hookFindings: [],
    });

    const decide = (now: Views): Decision =>
      decideMove({ inventory, host, views: now, holders, force: wish.force }, mode);
    // The lock ends drills that were cut off.
    const decision = decide(moves.withoutDrills(seen.views));
    if (decision.kind === 'refuse') throw moves.refusal(wish, decision);
    if (decision.kind === 'nothing') return unmoved(decision.why, seen.unseen);
    const confirm = (): Promise<boolean> => ask(context, options, wish, decision, topology());
    // Awaited here: the watching ends when this function does.
    return await session.change(
      { why, needs: [host], confirm },
      async ({ signal, findings: lockFindings }) => {
        const again = await look(seen.hosts, signal);
        const findings = [...lockFindings, ...seen.unseen, ...again.unseen];
        const now = decide(again.views);
        if (options.yes !== true) moves.assertSame(wish, decision, now);
        if (now.kind === 'refuse') throw moves.refusal(wish, now);
        if (now.kind === 'nothing') return unmoved(now.why, findings);
        const order = moves.moveOrder(inventory, wish, now, vips, again.views);
        const hooks = await openHooks({ ...context, signal }, inventory, why, emit);
        const report = await around(hooks, order, () => moveVips(order, world, signal));
        return { report, nothing: null, findings, hookFindings: hooks.findings() };
      },
    );
  });
}

type Hosts = ReadonlyMap<HostName, Host>;

interface Seen {
  readonly views: Views;
  readonly unseen: readonly Finding[];
  /** Those that answered. */
  readonly hosts: Hosts;
}

/** What a look has shown. Another host that did not answer is reported and left out; throws when `host` did not. */
async function seenBy(
  looking: ReturnType<typeof viewHosts>,
  host: HostName,
  hosts: Hosts,
  emit: Emit,
): Promise<Seen> {
  const { views, failures } = await looking;
  const failure = failures.get(host);
  if (failure !== undefined) throw failure;
  const unseen = [...failures].map(([name, error]) => unseenFinding(name, error));
  for (const finding of unseen) emit({ type: 'finding', finding });
  return { views, unseen, hosts: new Map([...hosts].filter(([name]) => !failures.has(name))) };
}

/** Tells the hooks before the move, and how it ended. */
async function around(
  hooks: RunHooks,
  { host, mode, vips }: MoveOrder,
  move: () => Promise<FailoverReport>,
): Promise<FailoverReport> {
  const about = { host, mode, vips: vips.map(({ address }) => address.address) };
  await hooks.before('before_failover', about);
  const report = await move().catch(async (error: unknown) => {
    await hooks.after('after_failover', { ...about, ok: false, error: errorData(error) });
    throw error;
  });
  await hooks.after('after_failover', { ...about, ok: report.ok, report });
  return report;
}

/** An operator may take as long to answer as a connection is kept; the move then takes what VRRP's timers say, and some. */
const watchMs = ({ vrrp }: Inventory): number => 13 * 3_600_000 + vrrp.preemptDelay * 1000;

/** For a member that is connected but hangs: the others do without it. */
const unseenFinding = (host: HostName, { message }: HaupError): Finding => ({
  check: 'reachable',
  level: 'warn',
  host,
  message: `is left out: ${message}`,
  hint: 'Whether it holds a VIP is unknown. Look at it over ssh.',
});

/** Shows who holds what, and asks. */
async function ask(
  context: Context,
  options: SessionOptions,
  { host, mode }: MoveWish,
  { moves }: Extract<Decision, { kind: 'move' }>,
  now: readonly Topology[],
): Promise<boolean> {
  if (options.yes === true) return true;
  const { topologyText } = await import('../report/failover-text.ts');
  const style = await styleFor(context.stderr);
  context.err(`${topologyText(now, style, context.stderr.columns)}\n\n`);
  const going =
    moves.map(({ vip, to }) => `${vip.address.address} to ${to?.host ?? 'no host'}`).join(', ') ||
    'no VIP moves';
  const how = {
    drain: `Drain ${host}`,
    stop: `Stop keepalived on ${host}`,
    failback: `Put ${host} back into service`,
  }[mode];
  return agreed(context, options, `${how} (${going})?`);
}

async function openHooks(
  context: Context,
  inventory: Inventory,
  command: string,
  emit: Emit,
): Promise<RunHooks> {
  const { runHooks } = await import('./hooks.ts');
  return runHooks(context, inventory, { command, run: randomUUID() }, (text) => emit({ type: 'said', text }));
}
