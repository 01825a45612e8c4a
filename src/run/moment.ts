/** Hosts that read their configuration at the same moment. */

import type { HostName } from '../model/domain.ts';
import type { Change, Host, Stage } from '../model/plan.ts';
import type { ExecuteOptions } from './execute.ts';

/** A moment for the hosts that reload together in this round, by the clock of each. */
export async function agreedMoments(
  stage: Stage,
  round: number,
  hosts: ReadonlyMap<HostName, Host>,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, number>> {
  const meeting = stage.work
    .filter(({ changes }) => changes.some((change) => (change.round ?? 0) === round && meets(change)))
    .flatMap(({ host }) => hosts.get(host) ?? []);
  return meeting.length === 0 ? new Map() : options.agree(meeting, signal);
}

const meets = ({ actions }: Change): boolean => actions.some((action) => action.do === 'reload-together');

/** The change with the moment filled in; unchanged where there is none. */
export const atMoment = (change: Change, atMs: number | undefined): Change =>
  atMs === undefined
    ? change
    : {
        ...change,
        actions: change.actions.map((action) =>
          action.do === 'reload-together' ? { ...action, atMs } : action,
        ),
      };
