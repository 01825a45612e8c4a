/** Whether and how a host is moved, and how that is put into words. Pure. */

import type { Views } from '../cluster/ability.ts';
import type { HostName, Inventory, Vip } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { FailoverReport, Topology } from '../model/report.ts';
import type { Decision } from '../move/decide-move.ts';
import type { MoveOrder } from '../move/move-vips.ts';

export interface MoveWish {
  readonly host: HostName;
  readonly mode: FailoverReport['mode'];
  /** Go on although it would do harm. */
  readonly force: boolean;
}

type Move = Extract<Decision, { kind: 'move' }>;

/** The hosts as they will be when drills that were cut off have been ended. */
export const withoutDrills = (views: Views): Views =>
  new Map(
    [...views].map(([name, view]) => {
      const { facts } = view;
      if (facts === null || facts.drill === null) return [name, view];
      const services = {
        ...facts.services,
        keepalived: { ...facts.services.keepalived, active: 'active' },
      };
      return [
        name,
        { ...view, facts: facts.drill === 'stop' ? { ...facts, services } : { ...facts, drain: 0 } },
      ];
    }),
  );

/** Throws PLAN_STALE when what would be done now is not what the operator was asked about. */
export function assertSame({ host }: MoveWish, asked: Move, now: Decision): void {
  const words = ({ moves }: Move): string =>
    moves.map(({ vip, from, to }) => `${vip.address.address} ${from} ${to?.host}`).join();
  if (now.kind === 'move' && words(now) === words(asked)) return;
  throw new HaupError('PLAN_STALE', 'The hosts have changed since the question was asked.', {
    host,
    hint: 'Nothing was changed. Run the command again.',
  });
}

export const moveOrder = (
  { vrrp, nginx }: Inventory,
  { host, mode, force }: MoveWish,
  { moves, actions }: Move,
  vips: readonly Vip[],
): MoveOrder => ({ host, mode, moves, actions, vips, vrrp, nginx, force });

export const unmovedReport = ({ host, mode }: MoveWish, now: readonly Topology[]): FailoverReport => ({
  version: 1,
  ok: true,
  host,
  mode,
  vips: [],
  before: now,
  after: now,
  reasons: [],
});

export function refusal(
  { host, mode }: MoveWish,
  { reasons, forcible }: Extract<Decision, { kind: 'refuse' }>,
): HaupError {
  const hint =
    mode === 'failback'
      ? 'Nothing was changed. Fix that first; haup status shows how the host is.'
      : forcible
        ? 'Nothing was changed. Fix that first (haup status), or go on at your own risk with --force.'
        : 'Nothing was changed. haup apply writes a drain file, which needs keepalived 2.0 and the default profile; --mode stop stops keepalived instead.';
  return new HaupError(
    'FAILOVER_REFUSED',
    `The ${mode === 'failback' ? 'failback' : 'failover'} would do harm: ${reasons.join('; ')}.`,
    { host, hint },
  );
}
