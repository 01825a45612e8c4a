/** Waits for the connections that were open before a move, with the host that has given the VIP up. */

import { hostScript } from '../base/host-script.ts';
import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { ReadScript } from '../model/host.ts';
import type { GraceEnvironment, GraceHost } from './grace-order.ts';

const pollMs = 250;
/** At first: requests that were in hand are answered by then. */
const quickPollMs = 50;
const quickForMs = 250;
/** nginx is asked so long before the end to close what is idle: a client then sees an end, and no reset. */
const closeIdleMs = 4_000;
/** How often the operator is told, at most. */
const sayMs = 5_000;

/** Without `to` it is not known who has the VIP now. */
interface AwaitedHosts {
  readonly vip: string;
  readonly from: Pick<GraceHost, 'host'>;
  readonly to: readonly Pick<GraceHost, 'host'>[];
}

interface Remaining {
  readonly open: number;
  readonly asked: number;
  readonly left: number;
  /** The old holder went away meanwhile, and why. */
  readonly lost: string | null;
  readonly returned?: number;
}

/** Until none is left, or the limit, or one of the hosts is lost. Just before the limit nginx closes what is idle. */
export async function awaitConnections(
  { vip, from, to }: AwaitedHosts,
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
  const lostBy = ({ message }: HaupError): Remaining => ({
    open: open ?? 0,
    asked: asked ?? 0,
    left,
    lost: `${from.host} cannot be asked: ${message}`,
  });
  for (;;) {
    let held = false;
    try {
      ({ count: left, held } = await connectionsTo(vip, from.host, environment));
    } catch (error) {
      if (error instanceof HaupError) return lostBy(error);
      throw error;
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
    try {
      await environment.sleep(spentMs < quickForMs ? quickPollMs : pollMs, signal);
    } catch (error) {
      // Its lock ends with the host. A lock that was taken away is another matter: its owner may need the grace.
      if (error instanceof HaupError && error.code === 'CONNECTION_LOST' && error.host === from.host)
        return lostBy(error);
      throw error;
    }
  }
}

/** Connections with the new holders, asked for beside all else: one that has failed must not be waited for. */
function connectionsElsewhere(
  vip: string,
  hosts: AwaitedHosts['to'],
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
