/** Hosts that read their configuration at the same moment. */

import type { HostName } from '../model/domain.ts';
import type { Action } from '../model/action.ts';
import type { Host } from '../model/host.ts';
import type { Change, Stage } from '../model/plan.ts';
import type { ExecuteOptions } from './execute-options.ts';

/** A moment for the hosts that act together in this round, by the clock of each. */
export async function agreedMoments(
  stage: Stage,
  round: number,
  hosts: ReadonlyMap<HostName, Host>,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, number>> {
  const together = stage.work
    .filter(({ changes }) => changes.some((change) => (change.round ?? 0) === round && meets(change)))
    .flatMap(({ host }) => hosts.get(host) ?? []);
  return together.length === 0 ? new Map() : options.agree(together, signal);
}

const timed = (action: Action): action is Extract<Action, { readonly atMs: number | null }> =>
  action.do === 'reload-together' || action.do === 'announce';
const meets = ({ actions }: Change): boolean => actions.some(timed);

/** The change with the moment filled in; unchanged where there is none. */
export const atMoment = (change: Change, atMs: number | undefined): Change =>
  atMs === undefined
    ? change
    : {
        ...change,
        actions: change.actions.map((action) => (timed(action) ? { ...action, atMs } : action)),
      };
