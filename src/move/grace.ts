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

/** One VIP, and the hosts between which it moves. */
export interface GraceOrder {
  readonly vip: string;
  readonly id: number;
  readonly from: GraceHost;
  /** Every host that may take it. */
  readonly to: readonly GraceHost[];
}

export interface GraceHost {
  readonly host: HostName;
  /** The interface of the VIP. */
  readonly device: string;
  /** An address of the host itself there. */
  readonly address: string;
}

/** `now` is monotonic, in milliseconds; `act` is not interrupted by Ctrl-C. */
export type GraceEnvironment = Pick<DrillEnvironment, 'now' | 'sleep' | 'act' | 'read' | 'say'>;

/** Beyond the move and the grace: a host's own timer must not end it before haup does. */
const timerPatienceMs = 15_000;
const pollMs = 250;
/** At first: requests that were in hand are answered by then. */
const quickPollMs = 50;
const quickForMs = 250;
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
      const { vip, id, from, to } = order;
      const common = { vip, id, seconds: timerSeconds };
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
      const { left, lost, ...seen } = await untilGone(order, seconds * 1000, environment, signal);
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

interface Remaining {
  readonly open: number;
  readonly asked: number;
  readonly left: number;
  /** The old holder went away meanwhile, and why. */
  readonly lost: string | null;
  readonly returned?: number;
}

async function untilGone(
  { vip, from, to }: GraceOrder,
  limitMs: number,
  environment: GraceEnvironment,
  signal: AbortSignal,
): Promise<Remaining> {
  const startMs = environment.now();
  const elsewhere = connectionsElsewhere(vip, to, environment);
  let open: number | null = null;
  let left = 0;
  let saidMs = startMs - sayMs;
  let asked: number | null = null;
  for (;;) {
    let held = false;
    try {
      ({ count: left, held } = await connectionsTo(vip, from.host, environment));
    } catch (error) {
      if (!(error instanceof HaupError)) throw error;
      return {
        open: open ?? 0,
        asked: asked ?? 0,
        left,
        lost: `${from.host} cannot be asked: ${error.message}`,
      };
    }
    if (held) {
      const kept = { open: open ?? 0, asked: asked ?? 0, left: 0, lost: null };
      // It has never given it up.
      return open === null ? kept : { ...kept, returned: elsewhere.last() };
    }
    open ??= left;
    const spentMs = environment.now() - startMs;
    if (left === 0 || spentMs >= limitMs) return { open, asked: asked ?? 0, left, lost: null };
    if (asked === null && spentMs >= limitMs - Math.min(closeIdleMs, limitMs / 2)) {
      asked = left;
      await closeIdle(vip, from.host, environment);
    }
    if (environment.now() - saidMs >= sayMs) {
      saidMs = environment.now();
      const seconds = Math.ceil((limitMs - spentMs) / 1000);
      environment.say(
        `${vip}: ${left} ${left === 1 ? 'connection' : 'connections'} left on ${from.host}, for at most ${seconds} s`,
      );
    }
    elsewhere.look();
    await environment.sleep(spentMs < quickForMs ? quickPollMs : pollMs, signal);
  }
}

/** Connections with the new holders, asked for beside all else: one that has failed must not be waited for. */
function connectionsElsewhere(
  vip: string,
  hosts: readonly GraceHost[],
  environment: GraceEnvironment,
): { readonly look: () => void; readonly last: () => number } {
  const counts = new Map<HostName, number>();
  const asked = new Set<HostName>();
  const lookAt = async (host: HostName): Promise<void> => {
    asked.add(host);
    try {
      const { count, held } = await connectionsTo(vip, host, environment);
      counts.set(host, held ? count : 0);
      asked.delete(host);
    } catch {
      // What it said last is all that is known.
    }
  };
  return {
    look: () => hosts.forEach(({ host }) => void (asked.has(host) || lookAt(host))),
    last: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
  };
}

async function closeIdle(vip: string, host: HostName, environment: GraceEnvironment): Promise<void> {
  try {
    await environment.act(host, { do: 'service', service: 'nginx', verb: 'reload' });
  } catch (error) {
    if (!(error instanceof HaupError)) throw error;
    environment.say(`${vip}: nginx could not be asked to close idle connections (${error.message})`, host);
  }
}

interface Connections {
  readonly count: number;
  /** The host has the VIP. */
  readonly held: boolean;
}

async function connectionsTo(
  vip: string,
  host: HostName,
  environment: GraceEnvironment,
): Promise<Connections> {
  const said = await environment.read(host, hostScript('open-connections', { vip }) as ReadScript);
  const [count, held] = Buffer.from(said).toString('utf8').trim().split(' ');
  return { count: Number(count), held: held === 'held' };
}

/** The new holder first: it then resets what is left, and no client waits for an answer that does not come. */
async function end(
  { vip, id, from, to }: GraceOrder,
  none: boolean,
  environment: GraceEnvironment,
): Promise<void> {
  const endOn = async ({ host }: GraceHost): Promise<void> => {
    try {
      await environment.act(host, { do: 'grace-end', id, vip });
    } catch (error) {
      if (!(error instanceof HaupError)) throw error;
      environment.say(`${vip}: ${host} ends the grace by its own timer (${error.message})`, host);
    }
  };
  const takers = Promise.all(to.map(endOn));
  if (!none) await takers;
  await Promise.all([takers, endOn(from)]);
}
