/** Whether a host can be taken out of service or back into it, which VIPs then move where, and by which actions. Pure. */

import { drainObstacle } from '../cluster/can-drain.ts';
import { ableMembers, type HostView, isDrained, viewObstacles, type Views } from '../cluster/ability.ts';
import type { Action } from '../model/action.ts';
import type { HostName, Inventory, Member, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { keepalivedConf } from '../model/layout.ts';
import type { FailoverReport } from '../model/failover-shape.ts';

/** A VIP and where it goes. */
export interface VipMove {
  readonly vip: Vip;
  /** Null: no host has it. */
  readonly from: HostName | null;
  /** Null: no host can take it (only with `force`). */
  readonly to: Member | null;
}

export type Decision =
  | { readonly kind: 'nothing'; readonly why: string }
  /** `actions`: what makes the VIPs move, in order. */
  | { readonly kind: 'move'; readonly moves: readonly VipMove[]; readonly actions: readonly Action[] }
  /** One sentence each. `force` does not help where `forcible` is false. */
  | { readonly kind: 'refuse'; readonly reasons: readonly string[]; readonly forcible: boolean };

export interface Situation {
  readonly inventory: Inventory;
  readonly host: HostName;
  readonly views: Views;
  /** Address → hosts whose kernel has it. */
  readonly holders: (address: string) => readonly HostName[];
  readonly force: boolean;
}

export function decideMove(situation: Situation, mode: FailoverReport['mode']): Decision {
  const view = situation.views.get(situation.host);
  if (view === undefined || view.facts === null)
    return refuse([`${situation.host} cannot be reached, so nothing can be done there`]);
  const { facts } = view;
  return mode === 'failback'
    ? decideFailback(situation, { ...view, facts })
    : decideFailover(situation, facts, mode);
}

/** Every VIP off the host. */
function decideFailover(
  { inventory, host, views, holders, force }: Situation,
  facts: HostFacts,
  mode: 'drain' | 'stop',
): Decision {
  const held = memberships(inventory, host).filter((vip) => holders(vip.address.address).includes(host));
  const out = mode === 'drain' ? isDrained(facts) : !runs(facts);
  if (out && held.length === 0) {
    return {
      kind: 'nothing',
      why: `${host} is already ${mode === 'drain' ? 'drained' : 'stopped'} and holds no VIP`,
    };
  }
  if (held.length === 0 && !runs(facts) && !force)
    return refuse([`keepalived does not run on ${host}, which holds no VIP: nothing would move`], true);
  const stuck = held.length > 0 && !runs(facts) ? 'keepalived does not run there' : null;
  const obstacle = stuck ?? drainObstacle(facts, keepalivedConf);
  if (mode === 'drain' && obstacle !== null) return refuse([`${host} cannot be drained: ${obstacle}`]);
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
  if (reasons.length > 0 && !force) return refuse(reasons, true);
  const action: Action =
    mode === 'drain' ? { do: 'drain' } : { do: 'service', service: 'keepalived', verb: 'stop' };
  return { kind: 'move', moves, actions: [action] };
}

/** The host back into service: the VIPs that are its own return to it. */
function decideFailback(
  { inventory, host, views, holders, force }: Situation,
  view: HostView & { readonly facts: HostFacts },
): Decision {
  const { facts } = view;
  const { keepalived } = facts.services;
  // What failback itself fixes is no obstacle.
  const fixed = {
    ...view,
    facts: {
      ...facts,
      drain: 0,
      services: { ...facts.services, keepalived: { ...keepalived, active: 'active' } },
    },
  };
  const after: Views = new Map([...views, [host, fixed]]);
  const moves = memberships(inventory, host).flatMap((vip): readonly VipMove[] => {
    const [first] = ableMembers(vip, after);
    const now = holders(vip.address.address);
    if (first?.host !== host || (now.length === 1 && now[0] === host)) return [];
    return [{ vip, from: now.find((name) => name !== host) ?? null, to: first }];
  });
  if (!isDrained(facts) && runs(facts) && moves.length === 0) {
    return { kind: 'nothing', why: `${host} is already in service and holds every VIP that is its own` };
  }
  const obstacles = viewObstacles(host, fixed);
  const reasons = [
    ...(obstacles.length === 0 ? [] : [`${host} would take no VIP (${obstacles.join(', ')})`]),
    ...splitBrains(moves, holders),
  ];
  if (reasons.length > 0 && !force) return refuse(reasons, true);
  const start: Action = { do: 'service', service: 'keepalived', verb: 'start' };
  return { kind: 'move', moves, actions: [{ do: 'undrain' }, ...(runs(facts) ? [] : [start])] };
}

const refuse = (reasons: readonly string[], forcible = false): Decision => ({
  kind: 'refuse',
  reasons,
  forcible,
});

const runs = ({ services }: HostFacts): boolean => services.keepalived.active === 'active';

const memberships = (inventory: Inventory, host: HostName): readonly Vip[] =>
  inventory.vips.filter((vip) => vip.members.some((member) => member.host === host));

function noBackup(vip: Vip, host: HostName, views: Views): string {
  const why = vip.members
    .filter((member) => member.host !== host)
    .map((member) => `${member.host}: ${viewObstacles(member.host, views.get(member.host)).join(', ')}`);
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
