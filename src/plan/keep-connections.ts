/** What becomes of connections that are open when a plan moves their VIPs. Pure. */

import type { HostName, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Change, HostWork, Plan, Stage } from '../model/plan.ts';
import { holdsVip } from '../cluster/cluster-state.ts';
import { interrupts } from './host-drain.ts';

/**
 * The plan, with open connections kept for `seconds` wherever it drains a host, or interrupts one that a run which was cut
 * off has left with some; 0: they are reset.
 */
export function keepConnections(
  plan: Plan,
  seconds: number,
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
): Plan {
  const stages = plan.tracks.flat();
  const answering = (host: HostName): boolean =>
    have.get(host)?.graces?.some(({ part }) => part === 'answer') === true;
  const waits = ({ host, changes }: HostWork): boolean =>
    changes.some((change) => directionOf(change) !== null) ||
    (answering(host) && interruptsUndrained(changes));
  const drained = hostsOf(stages, waits);
  if (seconds === 0 || drained.size === 0) return plan;
  const near = vips.filter(({ members }) => members.some(({ host }) => drained.has(host)));
  const members = new Set(near.flatMap((vip) => vip.members.map(({ host }) => host)));
  const given = hostsOf(stages, ({ changes }) => changes.some(bringsNft));
  const unable = [...members].flatMap((host) => {
    const facts = have.get(host);
    if (facts === undefined || facts.nft === 'present') return [];
    if (facts.nft === 'old-kernel') return [{ host, why: 'its kernel is older than 4.18' }];
    return given.has(host) ? [] : [{ host, why: 'it has no nft' }];
  });
  const beside = [...members].filter((host) => !have.has(host));
  const moves = plan.tracks.map((track) => movesOf(track, have, near, answering));
  return { ...plan, grace: { seconds, moves: Math.max(0, ...moves), unable, beside } };
}

/** Where the VIPs of a host go by a change; null: it moves none. */
export function directionOf({ actions, after }: Change): 'away' | 'back' | null {
  const does = (verb: 'drain' | 'undrain'): boolean => actions.some((action) => action.do === verb);
  if (does('drain') && after?.includes('released') === true) return 'away';
  // Without anything to wait for its daemons do not run: it takes nothing back.
  return does('undrain') && after?.includes('services') === true ? 'back' : null;
}

/** A daemon is interrupted by changes that move no VIP. */
export const interruptsUndrained = (changes: readonly Change[]): boolean =>
  changes.some(({ actions }) => actions.some(interrupts)) &&
  changes.every((change) => directionOf(change) === null);

const bringsNft = ({ actions }: Change): boolean =>
  actions.some((action) => action.do === 'install' && action.names.includes('nftables'));

const hostsOf = (stages: readonly Stage[], does: (work: HostWork) => boolean): ReadonlySet<HostName> =>
  new Set(stages.flatMap(({ work }) => work.filter(does).map(({ host }) => host)));

/** In one track hosts come one after the other, and what a host waits for at once counts once. */
function movesOf(
  track: readonly Stage[],
  have: ReadonlyMap<HostName, HostFacts>,
  vips: readonly Vip[],
  answering: (host: HostName) => boolean,
): number {
  return track
    .map(({ work }) =>
      work.map(({ host, changes }) => {
        if (answering(host) && interruptsUndrained(changes)) return 1;
        const away = vips.some((vip) => holdsVip(have, host, vip));
        // What it has now it gets back, and what should be with it.
        const back = away || vips.some(({ members: [first] }) => first.host === host);
        return changes.filter((change) => {
          const direction = directionOf(change);
          return (direction === 'away' && away) || (direction === 'back' && back);
        }).length;
      }),
    )
    .reduce((sum, counts) => sum + Math.max(0, ...counts), 0);
}
