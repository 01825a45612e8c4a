/**
 * A change that all members make in one stage. Where keepalived forgets a VIP when it reads the change (its
 * VRID, or unicast against multicast: vrrp_exist in vrrp.c), some hosts go first: drained, they read it, hear
 * no one, and take over while the others still hold the VIP; then those read it and are heard again. Pure.
 */

import type { HostName, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { holdsVip } from '../cluster/cluster-state.ts';
import type { Action } from '../model/action.ts';
import type { Change } from '../model/plan.ts';
import { drainWhy, undrain } from './host-drain.ts';
import type { SimultaneousChange } from './simultaneous-change.ts';

/** Beyond this there are too many ways to divide hosts to look at each. */
const most = 12;

/**
 * The hosts that can go first: of every group, which shares a VIP, one goes first and one stays; and what
 * hosts that go first hold now, another one can take. The fewest VIPs move. Empty: there is no such division.
 */
export function goingFirst(
  hosts: readonly HostName[],
  groups: readonly (readonly HostName[])[],
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  canDrain: (host: HostName) => boolean,
): readonly HostName[] {
  if (hosts.length > most) return [];
  const held = (first: readonly HostName[]): readonly Vip[] =>
    vips.filter((vip) => first.some((host) => holdsVip(have, host, vip)));
  const fits = (first: readonly HostName[]): boolean =>
    groups.every(
      (group) => group.some((host) => first.includes(host)) && group.some((host) => !first.includes(host)),
    ) &&
    held(first).every(({ members }) =>
      members.some(
        ({ host }) => !first.includes(host) && have.get(host)?.services.keepalived.active === 'active',
      ),
    ) &&
    first.every((host) => !vips.some((vip) => holdsVip(have, host, vip)) || canDrain(host));
  const ways = Array.from({ length: 2 ** hosts.length }, (_, bits) =>
    hosts.filter((_host, index) => Math.floor(bits / 2 ** index) % 2 === 1),
  );
  return (
    ways.filter(fits).toSorted((a, b) => held(a).length - held(b).length || a.length - b.length)[0] ?? []
  );
}

/** What a host does in the common stage, and what is left for its own turn. */
export function splitChanges(
  host: HostName,
  changes: readonly Change[],
  { hosts, first, forgotten, takeoverMs, untakenMs }: SimultaneousChange,
  holding: readonly string[],
): { readonly together: readonly Change[]; readonly alone: readonly Change[] } {
  const together: Change[] = [];
  const alone: Change[] = [];
  for (const change of changes) {
    const { kind, service } = change;
    if (service === 'keepalived' && kind === 'config') together.push(change);
    else if (service !== 'keepalived' || kind !== 'service' || restarts(change)) alone.push(change);
    else alone.push(...withoutReload(change));
  }
  const othersAfterMs = takeoverMs + startMs;
  const forMs = Math.min(longestMs, Math.round(untakenMs * 0.6));
  if (first.length === 0) return { together: [...together, entrust(1, 0), reload(2, hosts.length)], alone };
  if (!first.includes(host))
    return { together: [...together, entrust(2, othersAfterMs), reloadAtOnce(4)], alone };
  const drains = holding.length > 0;
  const overlapping = { after: ['overlapping' as const], addresses: forgotten };
  return {
    together: [
      ...together,
      ...(drains ? [{ ...drainWhy('the others take its VIPs first', holding), round: 1 }] : []),
      entrust(2, 0, { addresses: forgotten, afterMs: othersAfterMs, forMs }),
      { ...reload(3, first.length), ...overlapping },
      announceAgain(4, forgotten, forMs),
      ...(drains ? [{ ...undrain, round: 5 }] : []),
    ],
    alone,
  };
}

/** For keepalived to read its files, beyond what VRRP's timers take. */
const startMs = 500;

type Entrusted = Extract<Action, { readonly do: 'entrust' }>;

/** From here on the hosts finish the change in the same order also when haup is cut off. */
const entrust = (round: number, afterMs: number, announce?: Entrusted['announce']): Change => ({
  id: 'entrust:keepalived',
  kind: 'entrust',
  service: 'keepalived',
  title: 'let the host finish by itself',
  why: 'if haup is cut off, the hosts still end up with the same configuration',
  actions: [
    { do: 'entrust', service: 'keepalived', afterMs, ...(announce === undefined ? {} : { announce }) },
  ],
  undo: [{ do: 'withdraw' }],
  diffs: [],
  round,
});

/** One host alone needs no agreement on a moment. */
const reload = (round: number, hosts: number): Change =>
  hosts > 1
    ? reloadAtOnce(round)
    : {
        ...reloadAtOnce(round),
        title: 'reload keepalived',
        actions: [{ do: 'service', service: 'keepalived', verb: 'reload' }],
      };

const reloadAtOnce = (round: number): Change => ({
  id: 'together:keepalived',
  kind: 'reload-together',
  service: 'keepalived',
  title: 'reload keepalived at the agreed moment',
  why: 'its configuration changes, and the hosts must agree',
  actions: [{ do: 'reload-together', service: 'keepalived', atMs: null }],
  undo: [{ do: 'service', service: 'keepalived', verb: 'reload' }],
  diffs: [],
  round,
});

/** A client that has not heard of it by then asks again anyway. */
const longestMs = 5000;

/** Ends well before one that has given a VIP up can have it again: what is said later would be wrong. */
const announceAgain = (round: number, addresses: readonly string[], forMs: number): Change => ({
  id: 'announce',
  kind: 'announce',
  title: 'announce its VIPs again',
  why: 'clients may still send to the host that is giving them up',
  actions: [{ do: 'announce', addresses, atMs: null, forMs }, { do: 'withdraw' }],
  diffs: [],
  round,
});

function withoutReload(change: Change): readonly Change[] {
  const actions = change.actions.filter((action) => !(action.do === 'service' && action.verb === 'reload'));
  return actions.length === 0 ? [] : [{ ...change, actions, title: 'enable keepalived', undo: [] }];
}

/** It does more to the service than to let it read its files. */
export const restarts = ({ actions }: Change): boolean =>
  actions.some((action) => action.do === 'service' && action.verb !== 'reload' && action.verb !== 'enable');
