/** The changes of one cluster in order: what clients do not notice, on all hosts at once, then the turns of its hosts. Pure. */

import type { HostName } from '../model/domain.ts';
import type { HostWork, Stage } from '../model/plan.ts';
import { type ChangeTurn, changeTurns } from './change-turns.ts';
import type { ClusterView } from './cluster-view.ts';
import { gatedStages, servingChecks } from './stage-gates.ts';
import { addressesOf } from './served-vips.ts';

/** `keptBefore`: hosts of which a state is kept already. */
export function clusterStages(
  view: ClusterView,
  keptBefore: ReadonlySet<HostName> = new Set(),
): readonly Stage[] {
  const { hosts, served, diffs, changesOf } = view;
  const workOf = (part: 'prepare' | 'open' | 'tidy'): readonly HostWork[] =>
    hosts
      .map((host) => ({ host, changes: diffs.get(host)?.[part] ?? [] }))
      .filter(({ changes }) => changes.length > 0);
  // Hosts that hear each other again have to agree on who holds what; where more is to come, they have by its end.
  const last = served.held.length > 0 && hosts.every((host) => changesOf(host).length === 0);
  const agreed = { gate: servingChecks, addresses: addressesOf(served.held) };
  const stages: readonly Stage[] = [
    { title: 'prepare', work: workOf('prepare'), gate: [] },
    { title: 'open the firewall', work: workOf('open'), ...(last ? agreed : { gate: [] }) },
    ...gatedStages(keepingStates(changeTurns(view), view, keptBefore), view),
    { title: 'remove what is no longer used', work: workOf('tidy'), gate: [] },
  ];
  return stages.filter(({ work }) => work.length > 0);
}

/** What a rollback goes back to is kept once of each host, before its first turn. */
function keepingStates(
  turns: readonly ChangeTurn[],
  { kept, have }: Pick<ClusterView, 'kept' | 'have'>,
  keptBefore: ReadonlySet<HostName>,
): readonly ChangeTurn[] {
  const done = new Set(keptBefore);
  return turns.map((turn) => ({
    ...turn,
    changing: turn.changing.map((work) => {
      const keep = done.has(work.host) ? [] : (kept.get(work.host) ?? []);
      done.add(work.host);
      if (keep.length === 0) return work;
      const keepRules = have.get(work.host)?.firewall?.rules ?? [];
      return { ...work, keep, ...(keepRules.length > 0 && { keepRules }) };
    }),
  }));
}

/** Hosts of which one of the stages keeps a state. */
export const hostsKept = (stages: readonly Stage[]): ReadonlySet<HostName> =>
  new Set(stages.flatMap(({ work }) => work.flatMap(({ host, keep }) => (keep === undefined ? [] : [host]))));
