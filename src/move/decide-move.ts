/** Whether a host can be taken out of service or back into it, and which VIPs then move where. Pure. */

import type { HostName, Inventory, Member, Vip } from '../model/domain.ts';
import { ableMembers, obstacles, type Views } from '../cluster/ability.ts';
import { isDrained } from '../cluster/cluster-state.ts';

/** A VIP and where it goes. */
export interface VipMove {
  readonly vip: Vip;
  /** Null: nobody has it. */
  readonly from: HostName | null;
  /** Null: nobody can take it (only when forced). */
  readonly to: Member | null;
}

export type Decision =
  /** Nothing is to be done. */
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'move'; readonly moves: readonly VipMove[] }
  /** It would do harm; one sentence each. `force` does not help where `forcible` is false. */
  | { readonly kind: 'refuse'; readonly reasons: readonly string[]; readonly forcible: boolean };

export interface Situation {
  readonly inventory: Inventory;
  readonly host: HostName;
  readonly views: Views;
  /** Address → hosts whose kernel has it. */
  readonly holders: (address: string) => readonly HostName[];
  readonly force: boolean;
}

/** Every VIP off `host`. `canDrain`: its keepalived reads a drain file. */
export function decideFailover(
  situation: Situation & { readonly mode: 'drain' | 'stop'; readonly canDrain: boolean },
): Decision {
  const { inventory, host, views, holders, force, mode, canDrain } = situation;
  const facts = views.get(host)?.facts ?? null;
  if (facts === null) {
    return {
      kind: 'refuse',
      reasons: [`${host} cannot be reached, so it cannot be told anything`],
      forcible: false,
    };
  }
  const held = memberships(inventory, host).filter((vip) => holders(vip.address.address).includes(host));
  const out = mode === 'drain' ? isDrained(facts) : facts.services.keepalived.active !== 'active';
  if (out && held.length === 0) {
    return {
      kind: 'nothing',
      why: `${host} is ${mode === 'drain' ? 'drained' : 'stopped'} already, and holds no VIP`,
    };
  }
  if (held.length === 0 && facts.services.keepalived.active !== 'active' && !force) {
    return {
      kind: 'refuse',
      reasons: [`keepalived does not run on ${host}, which holds no VIP: nothing would move`],
      forcible: true,
    };
  }
  if (mode === 'drain' && !canDrain) {
    return {
      kind: 'refuse',
      reasons: [
        inventory.vrrp.profile === 'documented'
          ? `the documented profile gives ${host} no drain file`
          : `keepalived on ${host} is too old for a drain file`,
      ],
      forcible: false,
    };
  }
  const moves = held.map(
    (vip): VipMove => ({
      vip,
      from: host,
      to: ableMembers(vip, views).find((member) => member.host !== host) ?? null,
    }),
  );
  const reasons = [
    ...moves.filter(({ to }) => to === null).map(({ vip }) => noBackup(vip, host, views)),
    ...splitBrains(moves, holders),
  ];
  if (reasons.length > 0 && !force) return { kind: 'refuse', reasons, forcible: true };
  return { kind: 'move', moves };
}

/** `host` back into service: the VIPs that are its own return to it. */
export function decideFailback({ inventory, host, views, holders, force }: Situation): Decision {
  const view = views.get(host);
  if (view === undefined || view.facts === null) {
    return {
      kind: 'refuse',
      reasons: [`${host} cannot be reached, so it cannot be told anything`],
      forcible: false,
    };
  }
  // As it will be: what failback itself mends is no obstacle.
  const mended = {
    ...view,
    facts: {
      ...view.facts,
      drain: 0,
      services: {
        ...view.facts.services,
        keepalived: { ...view.facts.services.keepalived, active: 'active' },
      },
    },
  };
  const after: Views = new Map([...views, [host, mended]]);
  const moves = memberships(inventory, host).flatMap((vip): readonly VipMove[] => {
    const [first] = ableMembers(vip, after);
    const now = holders(vip.address.address);
    if (first?.host !== host || (now.length === 1 && now[0] === host)) return [];
    return [{ vip, from: now.find((name) => name !== host) ?? null, to: first }];
  });
  const whole = !isDrained(view.facts) && view.facts.services.keepalived.active === 'active';
  if (whole && moves.length === 0) {
    return { kind: 'nothing', why: `${host} is in service already, and every VIP that is its own is there` };
  }
  const inTheWay = obstacles(host, mended);
  const reasons = [
    ...(inTheWay.length === 0 ? [] : [`${host} would take no VIP (${inTheWay.join(', ')})`]),
    ...splitBrains(moves, holders),
  ];
  if (reasons.length > 0 && !force) return { kind: 'refuse', reasons, forcible: true };
  return { kind: 'move', moves };
}

const memberships = (inventory: Inventory, host: HostName): readonly Vip[] =>
  inventory.vips.filter((vip) => vip.members.some((member) => member.host === host));

function noBackup(vip: Vip, host: HostName, views: Views): string {
  const why = vip.members
    .filter((member) => member.host !== host)
    .map((member) => `${member.host}: ${obstacles(member.host, views.get(member.host)).join(', ')}`);
  return `${vip.address.address} has no healthy backup (${why.join('; ')})`;
}

function splitBrains(moves: readonly VipMove[], holders: Situation['holders']): readonly string[] {
  return moves.flatMap(({ vip }) => {
    const now = holders(vip.address.address);
    return now.length > 1
      ? [`${vip.address.address} is held by ${now.join(' and ')} at once (split brain)`]
      : [];
  });
}
