import { ableMembers, viewObstacles, type Views } from '../cluster/ability.ts';
import { advertText, claimsOn, claimText, foreignAdverts } from '../check/wire.ts';
import type { HostName, Inventory, Vip } from '../model/domain.ts';
import { probeOf, probeWords } from '../nginx/probe.ts';
import type { DrillName } from '../model/fault.ts';
import type { DrillReport, VerifyReport, VipVerification } from '../model/report.ts';
import { refusedDrill } from './drill-report.ts';
import { type Drill, drills } from './drill-table.ts';
import { repeatsOf } from './repeats.ts';
import type { DrillCase } from './drill-case.ts';
import { drillLimitMs } from './drill-times.ts';
import { CutShort, runDrill } from './drills.ts';
import type { VipMove } from '../move/decide-move.ts';
import type { GraceOrder } from '../move/grace-order.ts';
import type { DrillEnvironment } from '../move/watch-move.ts';

export interface VerifyOrder {
  readonly inventory: Inventory;
  /** In this order. */
  readonly vips: readonly Vip[];
  readonly drills: readonly DrillName[];
  /** How often each drill runs. */
  readonly count: number;
  /** Seconds that each fault lasts at least. */
  readonly hold?: number;
  readonly views: Views;
  /** The host that haup itself runs on. */
  readonly here?: HostName;
  /** How a drain keeps open connections; absent: it does not. */
  readonly keep?: {
    readonly seconds: number;
    readonly orders: (moves: readonly VipMove[]) => readonly GraceOrder[];
  };
  /** Makes the names of timers on the hosts unique. */
  readonly tag: string;
}

/** Watches for at most `limitMs`. */
export type OpenDrillEnvironment = (limitMs: number) => Promise<DrillEnvironment & AsyncDisposable>;

export interface VerifyOutcome {
  readonly report: VerifyReport;
  /** What interrupted the run after something had been measured; null: nothing did. */
  readonly error: unknown;
}

/**
 * Every drill on every VIP, one after the other: two at once would measure each other. A VIP without a healthy
 * successor is not drilled, and not verified. Each drill opens an environment, so that it lasts long enough and a clock
 * set during one does not spoil the next. Reports what was measured whatever happens; rejects as `runDrill` does while
 * nothing was.
 */
export async function verifyVips(
  order: VerifyOrder,
  open: OpenDrillEnvironment,
  signal: AbortSignal,
): Promise<VerifyOutcome> {
  const vips: (VipVerification & { readonly drills: DrillReport[] })[] = [];
  let failed = false;
  let error: unknown = null;
  const { count } = order;
  for (const vip of order.vips) {
    const reports: DrillReport[] = [];
    const { address } = vip.address;
    vips.push({ address, asked: probeWords(probeOf(order.inventory.nginx, address)), drills: reports });
    for (const drill of order.drills) {
      if (failed) {
        reports.push(notDrilled(order, vip, drill, 'the run was interrupted before it'));
        continue;
      }
      for (let run = 1; run <= count && !failed; run++) {
        try {
          const report = await drillVip(order, vip, { drill, run }, open, signal);
          reports.push(report);
          // What keeps a drill from running once keeps it from running again.
          if (!wasDone(report)) break;
        } catch (thrown) {
          const cause = thrown instanceof CutShort ? thrown.cause : thrown;
          const isFirst = !vips.some((one) => one.drills.some(wasDone));
          if (thrown instanceof CutShort) reports.push(thrown.report);
          else if (isFirst) throw cause;
          [failed, error] = [true, cause];
          if (thrown instanceof CutShort) continue;
          const why = cause instanceof Error ? cause.message : String(cause);
          const which = count === 1 ? 'it' : `run ${run} of ${count}`;
          reports.push(notDrilled(order, vip, drill, `${which} was interrupted: ${why}`));
        }
      }
    }
  }
  // Nothing drilled, nothing proven.
  const all = vips.flatMap((vip) => vip.drills);
  const ok = all.length > 0 && all.every((one) => one.ok);
  const repeated = vips.map((vip) => ({ ...vip, repeats: repeatsOf(vip.drills, count) }));
  return { report: { version: 1, ok, vips: count === 1 ? vips : repeated }, error };
}

const wasDone = ({ timeline }: DrillReport): boolean => timeline.length > 0;

function notDrilled({ views }: VerifyOrder, vip: Vip, drill: DrillName, why: string): DrillReport {
  const [from] = ableMembers(vip, views);
  const unseen = { samples: [], intervalMs: 1 };
  return refusedDrill(drill, from?.host ?? vip.members[0].host, null, unseen, why);
}

async function drillVip(
  order: VerifyOrder,
  vip: Vip,
  { drill, run }: { readonly drill: DrillName; readonly run: number },
  open: OpenDrillEnvironment,
  signal: AbortSignal,
): Promise<DrillReport> {
  const { inventory, views, count } = order;
  const [from, to] = ableMembers(vip, views);
  const facts = from === undefined ? null : (views.get(from.host)?.facts ?? null);
  if (from === undefined || to === undefined || facts === null)
    return notDrilled(order, vip, drill, without(vip, from?.host, views));
  const fault = drills[drill].fault(facts, vip.address.address);
  if (typeof fault === 'string') return notDrilled(order, vip, drill, `${from.host}: ${fault}`);
  const path = pathObstacle(order, from.host, drills[drill]);
  if (path !== null) return notDrilled(order, vip, drill, path);
  const strangers = strangersOn(vip, views);
  if (strangers !== '') return notDrilled(order, vip, drill, strangers);
  const beside = besideOf(vip, order).map((other) => ({
    vip: other,
    successor: ableMembers(other, views).find(({ host }) => host !== from.host) ?? null,
  }));
  const given: DrillCase = {
    drill,
    fault,
    vip,
    vrrp: inventory.vrrp,
    from,
    to,
    beside,
    tag: `${order.tag}-${run}`,
    ...(order.hold === undefined ? {} : { hold: order.hold }),
    ...(drill === 'drain' ? graceOf(order, from.host) : {}),
    ...(count === 1 ? {} : { repeat: `run ${run} of ${count}` }),
  };
  await using environment = await open(drillLimitMs(given));
  return await runDrill(given, environment, signal);
}

/** A drain moves every VIP of the host, to whichever member takes it. */
function graceOf({ keep, inventory, views }: VerifyOrder, from: HostName): Pick<DrillCase, 'grace'> {
  if (keep === undefined) return {};
  const moves = inventory.vips
    .filter(({ members }) => members.some(({ host }) => host === from))
    .flatMap((vip) =>
      vip.members
        .filter(({ host }) => host !== from && views.has(host))
        .map((to): VipMove => ({ vip, from, to })),
    );
  return { grace: { seconds: keep.seconds, orders: keep.orders(moves) } };
}

/** Why haup would lose a host by the drill that it has to reach; null: it would not. */
function pathObstacle({ inventory, here }: VerifyOrder, from: HostName, drill: Drill): string | null {
  const { cutsOff, reboots } = drill;
  if (reboots === true && here === from) return `haup runs on ${from} itself, which would reboot`;
  const broken = inventory.hosts.find(({ name }) => name === from);
  const own =
    cutsOff === true || reboots === true ? [from, ...(broken === undefined ? [] : [broken.address])] : [];
  for (const { name, address, ssh } of inventory.hosts) {
    const jumps = (ssh.jump ?? '').split(',').map((jump) => jump.replace(/^.*@/, '').replace(/:\d+$/, ''));
    const vip = inventory.vips.find((one) => [address, ...jumps].includes(one.address.address));
    if (vip !== undefined) return `${name} is reached through ${vip.address.address}, a VIP that may move`;
    const over = name === from ? undefined : jumps.find((jump) => own.includes(jump));
    if (over !== undefined)
      return `${name} is reached through ${over}, ${reboots === true ? 'which would reboot' : 'whose link would be cut'}`;
  }
  return null;
}

/** The other VIPs of its hosts, as far as all that could have them are watched. */
function besideOf(vip: Vip, { inventory, vips }: VerifyOrder): readonly Vip[] {
  const isMemberOf = (one: Vip, host: HostName): boolean =>
    one.members.some((member) => member.host === host);
  return inventory.vips.filter(
    (other) =>
      other.name !== vip.name &&
      other.members.some(({ host }) => isMemberOf(vip, host)) &&
      other.members.every(({ host }) => vips.some((drilled) => isMemberOf(drilled, host))),
  );
}

/** Which strangers are on the segment, in words: with them nothing would be measured. */
function strangersOn(vip: Vip, views: Views): string {
  const facts = new Map([...views].map(([name, view]) => [name, view.facts]));
  return [
    ...foreignAdverts(vip, facts).map((advert) => `${advertText(advert)} and is not a member`),
    ...claimsOn(vip, facts).map((claim) => `${claimText(vip, claim)}, but no member holds it`),
  ].join('; ');
}

function without(vip: Vip, holder: HostName | undefined, views: Views): string {
  const why = vip.members
    .map(({ host }) => host)
    .filter((host) => host !== holder)
    .map((host) => `${host}: ${viewObstacles(host, views.get(host)).join(', ')}`);
  return `${holder === undefined ? 'no host is able to hold it' : 'no other host could take over'} (${why.join('; ')})`;
}
