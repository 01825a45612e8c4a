import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Host } from '../model/host.ts';
import { probeOf } from '../nginx/probe.ts';
import { monotonicMs } from '../base/clock.ts';
import { actLimitMs, type DrillEnvironment, type RebootingHosts } from '../move/watch-move.ts';
import type { Target } from '../measure/ask.ts';
import { intervalFor, startSampler, timeoutMs } from '../measure/sampler.ts';
import { openConnections } from '../measure/connection-clients.ts';
import { type Watch, watchAddresses } from '../measure/address-watch.ts';
import { pause } from '../base/pause.ts';

/** A host that does not answer by then is one that is lost. */
const readLimitMs = 10_000;

/** How a host that reboots goes away and comes back. */
export interface Comebacks {
  readonly leave: (host: HostName) => Promise<void>;
  /** Resolves to the host once it has booted anew; after `limitMs` to why it has not. */
  readonly comeBack: (
    host: HostName,
    limitMs: number,
    signal: AbortSignal,
    waiting: (why: string) => void,
  ) => Promise<Host | string>;
}

/** The real world for drills and moves. Watching ends when it is disposed, or after `limitMs`. */
export async function openDrillEnvironment(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  emit: Emit,
  limitMs: number,
  signal: AbortSignal,
  comebacks?: Comebacks,
): Promise<DrillEnvironment & AsyncDisposable> {
  const watch = await watchAddresses(
    [...hosts.values()],
    { now: monotonicMs, limitSeconds: Math.ceil(limitMs / 1000) },
    signal,
  );
  const targetsOf = (addresses: readonly string[]): readonly Target[] =>
    addresses.map((address) => ({ address, ...probeOf(inventory.nginx, address) }));
  return {
    now: monotonicMs,
    sleep: pause,
    sample: (addresses, samplingMs, until) => {
      const targets = targetsOf(addresses);
      return startSampler(
        { targets, intervalMs: intervalFor(targets, inventory.verify.rate), timeoutMs, limitMs: samplingMs },
        until,
      );
    },
    connect: (addresses, until) =>
      openConnections({ targets: targetsOf(addresses), each: inventory.verify.connections }, until),
    watch,
    act: async (name, action) => {
      const host = hosts.get(name);
      if (host === undefined) throw new HaupError('HOST_UNREACHABLE', 'It is not connected.', { host: name });
      return (await host.act(action, AbortSignal.timeout(actLimitMs))).output;
    },
    read: async (name, script) => {
      const host = hosts.get(name);
      if (host === undefined) throw new HaupError('HOST_UNREACHABLE', 'It is not connected.', { host: name });
      return host.read(script, AbortSignal.timeout(readLimitMs));
    },
    say: (text, host) => emit({ type: 'said', text, host }),
    ...(comebacks === undefined ? {} : { reboots: rebootsOf(comebacks, watch) }),
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}

const rebootsOf = (comebacks: Comebacks, watch: Watch): RebootingHosts => ({
  leave: async (host) => {
    await comebacks.leave(host);
    watch.leave(host);
  },
  rejoin: async (name, limitMs, signal, waiting) => {
    const host = await comebacks.comeBack(name, limitMs, signal, waiting);
    if (typeof host === 'string') return host;
    await watch.rejoin(host);
    return null;
  },
});
