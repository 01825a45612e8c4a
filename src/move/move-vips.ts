import type { VipMove } from './decide-move.ts';
import type { HostName, NginxSoftware, Vip, Vrrp } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Action } from '../model/action.ts';
import { probeOf, probeWords } from '../nginx/probe.ts';
import type { FailoverReport, Topology, VipMoveReport } from '../model/failover-shape.ts';
import type { Span } from '../model/report.ts';
import { connectionFigures } from '../measure/connection-fates.ts';
import { type Bound, bound } from '../measure/bounds.ts';
import { lateness } from '../measure/start-errors.ts';
import { tenths } from '../base/tenths.ts';
import { answered, heldBy } from './figures.ts';
import {
  actLimitMs,
  type DrillEnvironment,
  isSteady,
  type ExpectedMove,
  patienceMs,
  settleMs,
  watchMove,
} from './watch-move.ts';
import type { ConnectionFates } from '../measure/hold-connections.ts';
import type { Sampler } from '../measure/sampler.ts';
import { abandonGraces, beginGraces, endGraces } from './grace.ts';
import type { GraceOrder } from './grace-order.ts';
import { judgeMove } from './verdict.ts';

export interface MoveOrder {
  readonly host: HostName;
  readonly mode: FailoverReport['mode'];
  readonly moves: readonly VipMove[];
  /** What makes them move, in order. */
  readonly actions: readonly Action[];
  /** Everything that is shown before and after. */
  readonly vips: readonly Vip[];
  readonly vrrp: Vrrp;
  /** What is asked at the VIPs. */
  readonly nginx: Pick<NginxSoftware, 'sites'>;
  /** Go on where this machine cannot see that the VIP serves. */
  readonly force: boolean;
  /** VIPs whose open connections live on for `graceSeconds`; empty: none. */
  readonly graces: readonly GraceOrder[];
  readonly graceSeconds: number;
}

type DirectedMove = VipMove & { readonly to: NonNullable<VipMove['to']> };

const steady = { steadyMs: 200, limitMs: 3_000 };
/** What a move takes at the longest: a look at each VIP, each action, the move. */
function moveLimitMs({ moves, actions }: MoveOrder, expected: readonly ExpectedMove[]): number {
  const withinMs = Math.max(0, ...expected.map((one) => one.bound.withinMs));
  return moves.length * steady.limitMs + actions.length * actLimitMs + withinMs + patienceMs + settleMs;
}

/**
 * Moves VIPs while every one of them is sampled, and reports what was seen. What cannot be observed
 * before it is touched is refused (FAILOVER_REFUSED). The host stays as it is put: undoing a failover is
 * the operator's next command, not a consequence of Ctrl-C.
 */
export async function moveVips(
  order: MoveOrder,
  environment: DrillEnvironment,
  signal: AbortSignal,
): Promise<FailoverReport> {
  const before = topology(order.vips, environment);
  const destined = order.moves.filter((move): move is DirectedMove => move.to !== null);
  const command = async (): Promise<void> => {
    for (const action of order.actions) await environment.act(order.host, action);
  };
  const withinMs = Math.max(0, ...destined.map((move) => boundOf(order, move).withinMs));
  const begun = await beginGraces(order.graces, order.graceSeconds, withinMs, environment);
  const vips = await (destined.length === 0
    ? command().then(() => [])
    : sampled(order, destined, command, environment, signal)
  ).catch(async (error: unknown) => {
    await abandonGraces(begun, environment);
    throw error;
  });
  // A host that fails meanwhile ends its watch, and not the report.
  for (const { from, to } of order.graces)
    for (const { host } of [from, ...to]) environment.watch.leave(host);
  const graces = await endGraces(begun, order.graceSeconds, environment, signal);
  const stranded = order.moves
    .filter(({ to }) => to === null)
    .map(({ vip }) => `${vip.address.address}: no healthy host is there to take it`);
  const returned = [...graces].flatMap(([vip, grace]) =>
    grace.returned === undefined
      ? []
      : [
          `${vip}: its new holder failed, and ${order.graces.find((one) => one.vip === vip)?.from.host} has it again`,
        ],
  );
  const reasons = [
    ...returned,
    ...vips.flatMap((vip) => vip.reasons.map((reason) => `${vip.moved.address}: ${reason}`)),
    ...stranded,
  ];
  return {
    version: 1,
    ok: reasons.length === 0,
    host: order.host,
    mode: order.mode,
    vips: vips.map(({ moved }) => {
      const grace = graces.get(moved.address);
      return grace === undefined ? moved : { ...moved, grace };
    }),
    before,
    after: topology(order.vips, environment),
    reasons,
  };
}

interface JudgedMove {
  readonly moved: VipMoveReport;
  readonly reasons: readonly string[];
}

async function sampled(
  order: MoveOrder,
  moves: readonly DirectedMove[],
  command: () => Promise<void>,
  environment: DrillEnvironment,
  signal: AbortSignal,
): Promise<readonly JudgedMove[]> {
  const expected = moves.map((move) => ({
    address: move.vip.address.address,
    to: move.to.host,
    bound: boundOf(order, move),
  }));
  await using sampler = await environment.sample(
    expected.map(({ address }) => address),
    moveLimitMs(order, expected),
    signal,
  );
  await observable(order, moves, environment, sampler, signal);
  // Where no host has a VIP, there is nothing to hold open.
  const held = moves.flatMap(({ vip, from }) => (from === null ? [] : [vip.address.address]));
  await using connections = await environment.connect(held, signal);
  const { window, arrived } = await watchMove(
    environment,
    sampler,
    expected,
    command,
    signal,
    settleMs,
    () => void connections.ask(),
  );
  // Before the grace: the hosts' count of open connections is that of real clients.
  const fates = await connections.ask();
  await sampler.stop();
  return moves.map((move) => judged(order, move, { window, arrived, fates }, sampler, environment));
}

interface Observed {
  readonly window: Span;
  /** VIP → when its new holder had it. */
  readonly arrived: ReadonlyMap<string, number>;
  readonly fates: ConnectionFates;
}

function judged(
  order: MoveOrder,
  move: DirectedMove,
  { window, arrived, fates }: Observed,
  sampler: Sampler,
  { watch }: DrillEnvironment,
): JudgedMove {
  const address = move.vip.address.address;
  const allowed = boundOf(order, move);
  const arrivedMs = arrived.get(address) ?? null;
  const open = connectionFigures(fates.get(address) ?? [], window.fromMs);
  const verdict = judgeMove({
    address,
    from: move.from,
    to: move.to.host,
    bound: allowed,
    window,
    samples: sampler.of(address),
    intervalMs: sampler.intervalMs,
    events: watch.events(address),
    clockErrorMs: watch.clockErrorMs(),
    arrivedMs,
  });
  return {
    moved: {
      address,
      asked: probeWords(probeOf(order.nginx, address)),
      from: move.from,
      to: arrivedMs === null ? null : move.to.host,
      ...answered(verdict),
      ...heldBy(verdict),
      boundMs: tenths(allowed.outageMs),
      allowanceMs: tenths(allowed.allowanceMs),
      stalledMs: tenths(verdict.stalledMs),
      lateMs: lateness(sampler.of(address), sampler),
      movedMs: arrivedMs === null ? null : tenths(arrivedMs - window.fromMs),
      ...(open.length === 0 ? {} : { connections: open }),
    },
    reasons: verdict.reasons,
  };
}

function boundOf({ mode, vrrp }: MoveOrder, { vip, from, to }: DirectedMove): Bound {
  const allowed = bound(mode, { vip, vrrp, successor: to.host, priority: to.priority });
  // No host has it, so it is out already: all that can be judged is that this ends in time.
  return from === null
    ? { ...allowed, lossless: false, outageMs: allowed.withinMs, noneHeldMs: allowed.withinMs }
    : allowed;
}

/**
 * The VIPs serve, as seen from here: else what follows could not be told from what was before. The way
 * back into service is never barred by that.
 */
async function observable(
  { host, mode, nginx, force }: MoveOrder,
  moves: readonly DirectedMove[],
  environment: DrillEnvironment,
  sampler: Sampler,
  signal: AbortSignal,
): Promise<void> {
  for (const { vip, from } of moves) {
    const address = vip.address.address;
    if (from === null || (await isSteady(environment, sampler, { address, host: from, ...steady }, signal)))
      continue;
    const what = `${address} is not answered by ${from}, asked from this machine by ${probeWords(probeOf(nginx, address))}`;
    if (force || mode === 'failback') {
      environment.say(`${what}: going on anyway`);
      continue;
    }
    throw new HaupError('FAILOVER_REFUSED', `${what}, so the move could not be observed.`, {
      host,
      hint: 'Nothing was changed. haup status shows what is wrong; run haup from a machine that reaches the VIP, or add --force to move it unobserved.',
    });
  }
}

const topology = (vips: readonly Vip[], environment: DrillEnvironment): readonly Topology[] =>
  vips.map((vip) => ({
    address: vip.address.address,
    holders: environment.watch.holders(vip.address.address),
  }));
