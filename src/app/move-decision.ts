/** Whether and how a host is moved, and how that is put into words. Pure. */

import type { HostFacts } from '../model/facts.ts';
import { graceOrders } from './graces.ts';
import type { Views } from '../cluster/ability.ts';
import type { HostName, Inventory, Vip } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { FailoverReport, Topology } from '../model/failover-shape.ts';
import type { Decision } from '../move/decide-move.ts';
import type { MoveOrder } from '../move/move-vips.ts';

export interface MoveWish {
  readonly host: HostName;
  readonly mode: FailoverReport['mode'];
  /** Go on although it would do harm. */
  readonly force: boolean;
  /** How long open connections live on; 0: not at all. */
  readonly graceSeconds: number;
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

export function moveOrder(
  inventory: Inventory,
  { host, mode, force, graceSeconds }: MoveWish,
  { moves, actions }: Move,
  vips: readonly Vip[],
  views: Views,
): MoveOrder {
  const { vrrp, nginx } = inventory;
  // A stop is the seed's way of moving VIPs: it promises nothing to open connections.
  const graces = mode === 'stop' || graceSeconds === 0 ? [] : graceOrders(inventory, moves, factsOf(views));
  return { host, mode, moves, actions, vips, vrrp, nginx, force, graces, graceSeconds };
}

export const factsOf = (views: Views): ReadonlyMap<HostName, HostFacts> =>
  new Map([...views].flatMap(([name, { facts }]) => (facts === null ? [] : [[name, facts] as const])));

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
