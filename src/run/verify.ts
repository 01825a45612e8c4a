import { ableMembers, obstacles, type Views } from '../judge/ability.ts';
import type { HostName, Inventory, Vip } from '../model/domain.ts';
import { probeOf, probeWords } from '../model/probe.ts';
import type { DrillReport, VerifyReport, VipVerified } from '../model/report.ts';
import { refusedDrill } from '../verify/drill-report.ts';
import { type Drilled, runDrill } from '../verify/drills.ts';
import type { Ground } from '../verify/move.ts';

export interface VerifyOrder {
  readonly inventory: Inventory;
  /** In this order. */
  readonly vips: readonly Vip[];
  readonly drills: readonly Drilled[];
  readonly views: Views;
  /** Makes the names of timers on the hosts unique. */
  readonly tag: string;
}

/**
 * Every drill on every VIP, one after the other: two at once would measure each other. A VIP without a
 * healthy successor is not drilled, and not verified. Rejects as `runDrill` does.
 */
export async function verifyVips(
  order: VerifyOrder,
  ground: Ground,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const vips: VipVerified[] = [];
  for (const vip of order.vips) {
    const drills: DrillReport[] = [];
    for (const drill of order.drills) drills.push(await drillVip(order, vip, drill, ground, signal));
    const { address } = vip.address;
    vips.push({ address, asked: probeWords(probeOf(order.inventory.nginx, address)), drills });
  }
  // Nothing drilled is nothing proven.
  const all = vips.flatMap((vip) => vip.drills);
  return { version: 1, ok: all.length > 0 && all.every(({ ok }) => ok), vips };
}

async function drillVip(
  order: VerifyOrder,
  vip: Vip,
  drill: Drilled,
  ground: Ground,
  signal: AbortSignal,
): Promise<DrillReport> {
  const { inventory, views, tag } = order;
  const [from, to] = ableMembers(vip, views);
  if (from === undefined || to === undefined) {
    const unseen = { samples: [], intervalMs: 1 };
    return refusedDrill(
      drill,
      from?.host ?? vip.members[0].host,
      null,
      unseen,
      without(vip, from?.host, views),
    );
  }
  const given = { drill, vip, vrrp: inventory.vrrp, from, to, beside: besideOf(vip, order), tag };
  return runDrill(given, ground, signal);
}

/** The other VIPs of its hosts, as far as all that could have them are watched. */
function besideOf(vip: Vip, { inventory, vips }: VerifyOrder): readonly string[] {
  const isMemberOf = (one: Vip, host: HostName): boolean =>
    one.members.some((member) => member.host === host);
  return inventory.vips
    .filter(
      (other) =>
        other.name !== vip.name &&
        other.members.some(({ host }) => isMemberOf(vip, host)) &&
        other.members.every(({ host }) => vips.some((drilled) => isMemberOf(drilled, host))),
    )
    .map(({ address }) => address.address);
}

function without(vip: Vip, holder: HostName | undefined, views: Views): string {
  const why = vip.members
    .map(({ host }) => host)
    .filter((host) => host !== holder)
    .map((host) => `${host}: ${obstacles(host, views.get(host)).join(', ')}`);
  return `${holder === undefined ? 'no host is able to have it' : 'no other host could take over'} (${why.join('; ')})`;
}
