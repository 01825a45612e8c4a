import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Host } from '../model/host.ts';
import { type HeldAddresses, heldAddresses } from './held-addresses.ts';
import { type HostClock, hostClock } from './host-clock.ts';
import type { AddressEvent } from './tenures.ts';
import { clockScript, fromNanoseconds, monitorParser, monitorScript } from './monitor.ts';

/** What the kernels of several hosts say of their addresses, while it happens. */
export interface Watch extends AsyncDisposable {
  /** Hosts whose kernel has the address now. Throws when a host is no longer watched. */
  holders(address: string): readonly HostName[];
  /** All that was seen of an address: times on the operator's monotonic clock. */
  events(address: string): readonly AddressEvent[];
  /** A time of a host's own clock on the operator's monotonic one. */
  localMs(host: HostName, hostMs: number): number;
  /** The host may go away: from when it is no longer heard it has no address, and is not missed. */
  leave(host: HostName): void;
  /** The host is back: watched from now on, by a clock of its own. */
  rejoin(host: Host): Promise<void>;
  /** How far the times of different hosts may be from each other, milliseconds: of one whose clock was set, that far. */
  clockErrorMs(): number;
}

export interface WatchOptions {
  readonly now: () => number;
  /** After this many seconds the hosts end the watch themselves, whatever becomes of the connection. */
  readonly limitSeconds: number;
}

/** How often each host is asked for its time. The fastest answer counts. */
const clockReadings = 5;

interface HostEvent {
  readonly host: HostName;
  readonly address: string;
  readonly held: boolean;
  /** On the operator's clock, as well as the host's is known by now. */
  readonly at: () => number;
}

/** One watch on a host; a host that is back gets another. */
interface HostWatch {
  readonly host: Host;
  readonly clock: HostClock;
  held: HeldAddresses;
  heardMs: number;
  /** The host may go silent. */
  leaving: boolean;
  /** Why it ended before its time. */
  failure: unknown;
}

/** Resolves when every host has said what it has. Rejects as `Host.watch` does. */
export async function watchAddresses(
  hosts: readonly Host[],
  options: WatchOptions,
  signal: AbortSignal,
): Promise<Watch> {
  const over = new AbortController();
  const ending = AbortSignal.any([signal, over.signal]);
  const seen: HostEvent[] = [];
  const watches = new Map<HostName, HostWatch>();
  const streams: Promise<void>[] = [];

  /** Resolves when the host has said what it has; its stream goes on. */
  const begin = (watch: HostWatch): Promise<void> =>
    new Promise((resolve, reject) => {
      streams.push(follow(watch, options, ending, seen, resolve).catch(reject));
      ending.addEventListener('abort', () => reject(ending.reason as Error), { once: true });
    });
  const join = async (host: Host): Promise<void> => {
    const watch = hostWatch(host, options.now());
    watches.set(host.name, watch);
    await Promise.all([begin(watch), compareClocks(host, watch.clock, options.now, ending)]);
  };
  const end = async (): Promise<void> => {
    over.abort();
    await Promise.all(streams);
  };
  try {
    await Promise.all(hosts.map(join));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    holders: (address) => {
      const all = [...watches.values()];
      for (const { failure } of all) if (failure !== null) throw failure;
      const holding = all.filter(({ held }) => held.current.has(address));
      return holding.map(({ host }) => host.name).toSorted();
    },
    events: (address) =>
      seen
        .filter((one) => one.address === address)
        .map(({ at, ...event }): AddressEvent => ({ ...event, at: at() })),
    localMs: (host, hostMs) => watches.get(host)?.clock.toLocal(hostMs) ?? hostMs,
    leave: (host) => {
      const watch = watches.get(host);
      if (watch !== undefined) watch.leaving = true;
    },
    rejoin: async (host) => {
      const former = watches.get(host.name);
      if (former !== undefined) seen.push(...silence(former));
      await join(host);
    },
    clockErrorMs: () => Math.max(0, ...[...watches.values()].map(({ clock }) => clock.errorMs())),
    [Symbol.asyncDispose]: end,
  };
}

const hostWatch = (host: Host, nowMs: number): HostWatch => ({
  host,
  clock: hostClock(),
  held: heldAddresses(),
  heardMs: nowMs,
  leaving: false,
  failure: null,
});

/** Reads what a host prints until `ending`, and adds to `seen`. `ready`: called whenever it has said all that it has. */
async function follow(
  watch: HostWatch,
  { now, limitSeconds }: WatchOptions,
  ending: AbortSignal,
  seen: HostEvent[],
  ready: () => void,
): Promise<void> {
  const { host, clock, held } = watch;
  const parse = monitorParser();
  try {
    for await (const line of host.watch(monitorScript(limitSeconds), ending)) {
      const nowMs = now();
      const said = parse(line);
      if (said === null) continue;
      watch.heardMs = nowMs;
      clock.heard(said.kind === 'tick' ? said.toMs : said.atMs, nowMs);
      if (said.kind === 'tick') clock.ticked(said.fromMs, said.up);
      for (const { address, held: isHeld, atMs } of held.take(said))
        seen.push({ host: host.name, address, held: isHeld, at: () => clock.toLocal(atMs) });
      if (said.kind === 'tick') ready();
    }
    if (ending.aborted) return;
    throw new HaupError('CONNECTION_LOST', 'The watch on its addresses ended by itself.', {
      host: host.name,
    });
  } catch (error) {
    if (watch.leaving) seen.push(...silence(watch));
    else if (!ending.aborted) watch.failure = error;
    throw error;
  }
}

/** A host that is no longer heard has no address, from when it was last heard. */
function silence(watch: HostWatch): readonly HostEvent[] {
  const { host, held, heardMs } = watch;
  watch.held = heldAddresses();
  return [...held.current].map((address) => ({ host: host.name, address, held: false, at: () => heardMs }));
}

async function compareClocks(
  host: Host,
  clock: HostClock,
  now: () => number,
  signal: AbortSignal,
): Promise<void> {
  for (let reading = 0; reading < clockReadings; reading++) {
    const asked = now();
    const said = fromNanoseconds(
      Buffer.from(await host.read(clockScript, signal))
        .toString('utf8')
        .trim(),
    );
    clock.asked(asked, said);
    clock.heard(said, now());
  }
}
