/**
 * The grace of a planned move: connections that were open before it live on, on the host that has given the VIP up,
 * until they end or the grace is over. New connections are the new holder's.
 */

import { hostScript } from '../base/host-script.ts';
import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { ReadScript } from '../model/host.ts';
import type { GraceReport } from '../model/report.ts';
import type { DrillEnvironment } from './watch-move.ts';

/** One VIP, and the two hosts between which it moves. */
export interface GraceOrder {
  readonly vip: string;
  readonly id: number;
  readonly from: GraceHost;
  readonly to: GraceHost;
}

export interface GraceHost {
  readonly host: HostName;
  /** The interface of the VIP. */
  readonly device: string;
  /** An address of the host itself there. */
  readonly address: string;
}

/** Beyond the move and the grace: a host's own timer must not end it before haup does. */
const timerPatienceMs = 15_000;
const pollMs = 250;
/** nginx is asked so long before the end to close what is idle: a client then sees an end, and no reset. */
const closeIdleMs = 4_000;
/** How often the operator is told, at most. */
const sayMs = 5_000;

export interface BegunGrace {
  readonly order: GraceOrder;
  /** Why open connections are not kept; null: they are. */
  readonly why: string | null;
}

/**
 * Prepares both hosts of every move, all at once. A pair that cannot do it is said, and its connections are reset.
 * `withinMs`: what the move takes at the longest, before the grace itself begins.
 */
export function beginGraces(
  orders: readonly GraceOrder[],
  seconds: number,
  withinMs: number,
  environment: DrillEnvironment,
): Promise<readonly BegunGrace[]> {
  const timerSeconds = seconds + Math.ceil((withinMs + timerPatienceMs) / 1000);
  return Promise.all(
    orders.map(async (order): Promise<BegunGrace> => {
      const { vip, id, from, to } = order;
      const common = { vip, id, seconds: timerSeconds };
      const done = await Promise.allSettled([
        environment.act(to.host, {
          do: 'grace-forward',
          grace: { ...common, device: to.device },
          to: from.address,
        }),
        environment.act(from.host, { do: 'grace-answer', grace: { ...common, device: from.device } }),
      ]);
      const failed = done.find((one) => one.status === 'rejected');
      if (failed === undefined) return { order, why: null };
      if (!(failed.reason instanceof HaupError)) throw failed.reason;
      await end(order, environment);
      const detail = failed.reason.detail?.[0];
      const why = `${failed.reason.host ?? to.host}: ${detail ?? failed.reason.message}`;
      environment.say(`${vip}: open connections cannot be kept (${why}); they are reset when the VIP moves`);
      return { order, why };
    }),
  );
}

/**
 * Waits until no connection of before the move is left, or the grace is over, and takes everything away again. When the
 * signal aborts, the hosts do that by themselves.
 */
export async function endGraces(
  begun: readonly BegunGrace[],
  seconds: number,
  environment: DrillEnvironment,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, GraceReport>> {
  const reports = await Promise.all(
    begun.map(async ({ order, why }): Promise<readonly [string, GraceReport]> => {
      if (why !== null) return [order.vip, { open: null, asked: null, cut: null, afterMs: 0, why }];
      const startMs = environment.now();
      const { open, asked, left, lost } = await untilGone(order, seconds * 1000, environment, signal);
      await end(order, environment);
      const afterMs = Math.round(environment.now() - startMs);
      return [order.vip, { open, asked, cut: lost === null ? left : null, afterMs, why: lost }];
    }),
  );
  return new Map(reports);
}

/** Both hosts as they were, after a move that did not take place. */
export async function abandonGraces(
  begun: readonly BegunGrace[],
  environment: DrillEnvironment,
): Promise<void> {
  await Promise.all(begun.map(({ order }) => end(order, environment)));
}

interface Remaining {
  readonly open: number;
  readonly asked: number;
  readonly left: number;
  /** The old holder went away meanwhile, and why. */
  readonly lost: string | null;
}

async function untilGone(
  { vip, from }: GraceOrder,
  limitMs: number,
  environment: DrillEnvironment,
  signal: AbortSignal,
): Promise<Remaining> {
  const startMs = environment.now();
  let open: number | null = null;
  let left = 0;
  let saidMs = startMs - sayMs;
  let asked: number | null = null;
  for (;;) {
    try {
      left = await connectionsTo(vip, from.host, environment);
    } catch (error) {
      if (!(error instanceof HaupError)) throw error;
      return {
        open: open ?? 0,
        asked: asked ?? 0,
        left,
        lost: `${from.host} cannot be asked: ${error.message}`,
      };
    }
    open ??= left;
    const spentMs = environment.now() - startMs;
    if (left === 0 || spentMs >= limitMs) return { open, asked: asked ?? 0, left, lost: null };
    if (asked === null && spentMs >= limitMs - Math.min(closeIdleMs, limitMs / 2)) {
      asked = left;
      await environment.act(from.host, { do: 'service', service: 'nginx', verb: 'reload' });
    }
    if (environment.now() - saidMs >= sayMs) {
      saidMs = environment.now();
      const seconds = Math.ceil((limitMs - spentMs) / 1000);
      environment.say(
        `${vip}: ${left} ${left === 1 ? 'connection' : 'connections'} left on ${from.host}, for at most ${seconds} s`,
      );
    }
    await environment.sleep(pollMs, signal);
  }
}

async function connectionsTo(vip: string, host: HostName, environment: DrillEnvironment): Promise<number> {
  const said = await environment.read(host, hostScript('open-connections', { vip }) as ReadScript);
  return Number(Buffer.from(said).toString('utf8').trim());
}

/** The new holder first: it then resets what is left, and no client waits for an answer that does not come. */
async function end({ vip, id, from, to }: GraceOrder, environment: DrillEnvironment): Promise<void> {
  for (const { host } of [to, from]) {
    try {
      await environment.act(host, { do: 'grace-end', id, vip });
    } catch (error) {
      if (!(error instanceof HaupError)) throw error;
      environment.say(`${vip}: ${host} ends the grace by its own timer (${error.message})`, host);
    }
  }
}
