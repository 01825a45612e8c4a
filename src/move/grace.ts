/**
 * The grace of a planned move: connections that were open before it live on, on the host that has given the VIP up,
 * until they end or the grace is over. New connections are the new holder's.
 */

import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { GraceReport } from '../model/report.ts';
import { awaitConnections } from './await-connections.ts';
import type { GraceEnvironment, GraceHost, GraceOrder } from './grace-order.ts';

/** Beyond the move and the grace: a host's own timer must not end it before haup does. */
const timerPatienceMs = 15_000;

export interface BegunGrace {
  readonly order: GraceOrder;
  /** Why open connections are not kept; null: they are. */
  readonly why: string | null;
}

/**
 * Prepares all hosts of every move, all at once. Hosts that cannot do it are named, and connections are reset.
 * `withinMs`: what the move takes at the longest, before the grace itself begins.
 */
export function beginGraces(
  orders: readonly GraceOrder[],
  seconds: number,
  withinMs: number,
  environment: GraceEnvironment,
): Promise<readonly BegunGrace[]> {
  const timerSeconds = seconds + Math.ceil((withinMs + timerPatienceMs) / 1000);
  return Promise.all(
    orders.map(async (order): Promise<BegunGrace> => {
      const { vip, from, to } = order;
      const common = { vip, seconds: timerSeconds };
      const forwarding = to.map(({ host, device }) =>
        refusal(
          environment.act(host, {
            do: 'grace-forward',
            grace: { ...common, device },
            to: from.address,
          }),
        ),
      );
      const answering = refusal(
        environment.act(from.host, { do: 'grace-answer', grace: { ...common, device: from.device } }),
      );
      const refused = (await Promise.all(forwarding))
        .map((error, at) => whyNot(error, to[at]?.host ?? ''))
        .filter(isSaid);
      const why =
        whyNot(await answering, from.host) ?? (refused.length === to.length ? (refused[0] ?? null) : null);
      if (why !== null) {
        await end(order, true, environment);
        environment.say(
          `${vip}: open connections cannot be kept (${why}); they are reset when the VIP moves`,
        );
      } else if (refused.length > 0) {
        environment.say(
          `${vip}: open connections are reset if it moves to a host that cannot keep them (${refused.join('; ')})`,
        );
      }
      return { order, why };
    }),
  );
}

const refusal = (acting: Promise<unknown>): Promise<HaupError | null> =>
  acting.then(
    () => null,
    (error: unknown) => {
      if (error instanceof HaupError) return error;
      throw error;
    },
  );

const whyNot = (error: HaupError | null | undefined, host: HostName): string | null =>
  error === null || error === undefined
    ? null
    : `${error.host ?? host}: ${error.detail?.[0] ?? error.message}`;

const isSaid = (text: string | null): text is string => text !== null;

/**
 * Waits until no connection of before the move is left, or the grace is over, and takes everything away again. When the
 * signal aborts, the hosts do that by themselves.
 */
export async function endGraces(
  begun: readonly BegunGrace[],
  seconds: number,
  environment: GraceEnvironment,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, GraceReport>> {
  const reports = await Promise.all(
    begun.map(async ({ order, why }): Promise<readonly [string, GraceReport]> => {
      if (why !== null) return [order.vip, { open: null, asked: null, cut: null, afterMs: 0, why }];
      const startMs = environment.now();
      const { left, lost, ...seen } = await awaitConnections(order, seconds * 1000, environment, signal);
      await end(order, left === 0, environment);
      const afterMs = Math.round(environment.now() - startMs);
      return [order.vip, { ...seen, cut: lost === null ? left : null, afterMs, why: lost }];
    }),
  );
  return new Map(reports);
}

/** All hosts as they were, after a move that did not take place. */
export async function abandonGraces(
  begun: readonly BegunGrace[],
  environment: GraceEnvironment,
): Promise<void> {
  await Promise.all(
    begun.filter(({ why }) => why === null).map(({ order }) => end(order, true, environment)),
  );
}

/** Says what became of the connections, where that is not part of a report. */
export function tellGrace(
  { vip, from: { host } }: GraceOrder,
  report: GraceReport | undefined,
  { say }: Pick<GraceEnvironment, 'say'>,
): void {
  if (report === undefined) return;
  const { open, cut, afterMs, why, returned } = report;
  const seconds = (afterMs / 1000).toFixed(1);
  if (returned !== undefined)
    say(`${vip}: ${host} has it again with its connections; ${returned} to the host that had it were lost`);
  else if (why !== null) say(`${vip}: what became of the open connections is not known (${why})`);
  else if ((cut ?? 0) > 0)
    say(`${vip}: ${cut} of ${open} connections to ${host} were cut after ${seconds} s`);
  else if ((open ?? 0) > 0) say(`${vip}: all ${open} connections to ${host} ended within ${seconds} s`);
}

/** The new holder first: it then resets what is left, and no client waits for an answer that does not come. */
async function end(
  { vip, from, to }: GraceOrder,
  none: boolean,
  environment: GraceEnvironment,
): Promise<void> {
  const endOn = async ({ host }: GraceHost): Promise<void> => {
    try {
      await environment.act(host, { do: 'grace-end', vip });
    } catch (error) {
      if (!(error instanceof HaupError)) throw error;
      environment.say(`${vip}: ${host} ends the grace by its own timer (${error.message})`, host);
    }
  };
  const takers = Promise.all(to.map(endOn));
  if (!none) await takers;
  await Promise.all([takers, endOn(from)]);
}
