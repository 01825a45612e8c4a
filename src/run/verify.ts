import { ableMembers, obstacles, type Views } from '../judge/ability.ts';
import type { HostName, Inventory, Vip } from '../model/domain.ts';
import type { DrillReport, VerifyReport } from '../model/report.ts';
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
  const vips: { address: string; drills: DrillReport[] }[] = [];
  for (const vip of order.vips) {
    const drills: DrillReport[] = [];
    for (const drill of order.drills) drills.push(await drillVip(order, vip, drill, ground, signal));
    vips.push({ address: vip.address.address, drills });
  }
  // Nothing drilled is nothing proven.
  const all = vips.flatMap((vip) => vip.drills);
  return { version: 1, ok: all.length > 0 && all.every(({ ok }) => ok), vips };
}

async function drillVip(
  { inventory, views, tag }: VerifyOrder,
  vip: Vip,
  drill: Drilled,
  ground: Ground,
  signal: AbortSignal,
): Promise<DrillReport> {
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
  const hosts = vip.members.map(({ host }) => host);
  const beside = inventory.vips
    .filter((other) => other !== vip && other.members.some(({ host }) => hosts.includes(host)))
    .map(({ address }) => address.address);
  return runDrill({ drill, vip, vrrp: inventory.vrrp, from, to, beside, tag }, ground, signal);
}

function without(vip: Vip, holder: HostName | undefined, views: Views): string {
  const why = vip.members
    .map(({ host }) => host)
    .filter((host) => host !== holder)
    .map((host) => `${host}: ${obstacles(host, views.get(host)).join(', ')}`);
  return `${holder === undefined ? 'no host is able to have it' : 'no other host could take over'} (${why.join('; ')})`;
}
