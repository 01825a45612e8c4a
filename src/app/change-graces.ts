import { hostScript } from '../base/host-script.ts';
import { monotonicMs } from '../base/clock.ts';
import { pause } from '../base/pause.ts';
import type { HostName, Inventory, Vip } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host, ReadScript } from '../model/host.ts';
import type { VipMove } from '../move/decide-move.ts';
import type { GraceEnvironment } from '../move/grace-order.ts';
import { actLimitMs } from '../move/watch-move.ts';
import { directionOf, interruptsUndrained } from '../plan/keep-connections.ts';
import type { ExecuteOptions, KeptConnections } from '../run/execute-options.ts';
import { gateLimitMs } from '../run/gate.ts';
import { graceOrders } from './graces.ts';

export interface KeepContext {
  /** By whose VIPs hosts are changed. */
  readonly goal: Inventory;
  readonly facts: ReadonlyMap<HostName, HostFacts>;
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** Those of them that the run leaves out: no gate looks at them. */
  readonly beside: ReadonlySet<HostName>;
  readonly seconds: number;
  readonly emit: Emit;
}

/** Keeps open connections while a plan moves VIPs: who has a VIP is looked up at that moment. */
export async function keepingConnections(
  context: KeepContext,
): Promise<Pick<ExecuteOptions, 'keep' | 'awaitKept'>> {
  const [{ beginGraces, endGraces, abandonGraces, tellGrace }, { awaitConnections }] = await Promise.all([
    import('../move/grace.ts'),
    import('../move/await-connections.ts'),
  ]);
  const { goal, facts, hosts, seconds } = context;
  const environment = environmentOf(context);
  // Released or back in service, then settled: each is waited for at most so long.
  const withinMs = 2 * gateLimitMs(goal.vips, goal.vrrp);
  const begin = async (moving: readonly VipMove[]): Promise<KeptConnections | null> => {
    // A host may take a VIP of which it is not the next in order: all that are there are prepared.
    const orders = graceOrders(goal, moving, facts);
    if (orders.length === 0) return null;
    const begun = await beginGraces(orders, seconds, withinMs, environment);
    if (begun.every(({ why }) => why !== null)) return null;
    return {
      end: async (signal) => {
        await untilBack(moving, context, withinMs, signal);
        const ended = await endGraces(begun, seconds, environment, signal);
        for (const order of orders) tellGrace(order, ended.get(order.vip), environment);
      },
      abandon: () => abandonGraces(begun, environment),
    };
  };
  return {
    keep: async (name, change) => {
      const direction = directionOf(change);
      return direction === null ? null : begin(await movesBy(direction, name, goal.vips, hosts));
    },
    awaitKept: async (name, changes, signal) => {
      if (!interruptsUndrained(changes)) return;
      const moved = await movesBy('earlier', name, goal.vips, hosts);
      if (moved.length > 0) return (await begin(moved))?.end(signal);
      // Peers that are left out of the run send connections here for as long as the run before has told them to.
      const graces = facts.get(name)?.graces?.filter(({ part }) => part === 'answer') ?? [];
      await Promise.all(
        graces.map(({ vip, leftSeconds }) => {
          const limitMs = Math.min(seconds, leftSeconds) * 1000;
          return awaitConnections({ vip, from: { host: name }, to: [] }, limitMs, environment, signal);
        }),
      );
    },
  };
}

/** A VIP that comes back from a host that the run leaves out is with it until keepalived's preempt_delay is over. */
async function untilBack(
  moving: readonly VipMove[],
  { hosts, beside }: KeepContext,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const back = moving.filter(({ from }) => from !== null && beside.has(from));
  const endMs = monotonicMs() + limitMs;
  while (back.length > 0 && monotonicMs() < endMs) {
    const seen = await servedBy(back.flatMap(({ to }) => (to === null ? [] : (hosts.get(to.host) ?? []))));
    const isBack = ({ vip, to }: VipMove): boolean =>
      to === null || seen.get(to.host)?.includes(vip.address.address) === true;
    if (back.every(isBack)) return;
    await pause(100, signal);
  }
}

/** `earlier`: what a run that was cut off has moved away, and left connections of. */
async function movesBy(
  direction: 'away' | 'back' | 'earlier',
  name: HostName,
  vips: readonly Vip[],
  hosts: ReadonlyMap<HostName, Host>,
): Promise<readonly VipMove[]> {
  const near = vips.filter(({ members }) => members.some(({ host }) => host === name));
  const members = new Set(near.flatMap((vip) => vip.members.map(({ host }) => host)));
  const seen = await servedBy([...members].flatMap((member) => hosts.get(member) ?? []));
  const holds = (host: HostName, { address }: Vip): boolean =>
    seen.get(host)?.includes(address.address) === true;
  const answers = (host: HostName, { address }: Vip): boolean =>
    seen.get(host)?.includes(`answer ${address.address}`) === true;
  return near.flatMap((vip): readonly VipMove[] => {
    if (direction !== 'back') {
      // A drain may have been cut off too.
      const concerned =
        direction === 'away'
          ? holds(name, vip) || answers(name, vip)
          : answers(name, vip) && !holds(name, vip);
      if (!concerned) return [];
      return vip.members.flatMap((to) =>
        to.host === name || !hosts.has(to.host) ? [] : [{ vip, from: name, to }],
      );
    }
    const own = vip.members.findIndex(({ host }) => host === name);
    const holder = vip.members.findIndex(({ host }) => holds(host, vip));
    const [to, from] = [vip.members[own], vip.members[holder]];
    return to === undefined || from === undefined || own >= holder ? [] : [{ vip, from: from.host, to }];
  });
}

/** What each host has of VIPs, as its script says it. A host that does not answer counts as one without VIPs. */
async function servedBy(hosts: readonly Host[]): Promise<ReadonlyMap<HostName, readonly string[]>> {
  const read = hosts.map(async (host): Promise<readonly [HostName, readonly string[]]> => {
    const said = await host
      .read(hostScript(['held-addresses', 'answered-vips']) as ReadScript, new AbortController().signal)
      .catch((error: unknown) => {
        if (error instanceof HaupError) return Buffer.alloc(0);
        throw error;
      });
    return [host.name, Buffer.from(said).toString('utf8').trim().split('\n')];
  });
  return new Map(await Promise.all(read));
}

function environmentOf({ hosts, emit }: KeepContext): GraceEnvironment {
  const connected = (name: HostName): Host => {
    const host = hosts.get(name);
    if (host === undefined) throw new HaupError('HOST_UNREACHABLE', 'It is not connected.', { host: name });
    return host;
  };
  return {
    now: monotonicMs,
    sleep: pause,
    act: async (name, action) => (await connected(name).act(action, AbortSignal.timeout(actLimitMs))).output,
    read: (name, script) => connected(name).read(script, AbortSignal.timeout(actLimitMs)),
    say: (text, host) => emit({ type: 'said', text, host }),
  };
}
