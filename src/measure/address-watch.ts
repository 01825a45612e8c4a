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
  /** The watching ends on the hosts, too, after this many seconds, whatever becomes of the connection. */
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

/** Resolves when every host has said what it has. Rejects as `Host.watch` does. */
export async function watchAddresses(
  hosts: readonly Host[],
  options: WatchOptions,
  signal: AbortSignal,
): Promise<Watch> {
  const over = new AbortController();
  const ending = AbortSignal.any([signal, over.signal]);
  const seen: HostEvent[] = [];
  const has = new Map<HostName, HeldAddresses>(hosts.map(({ name }) => [name, heldAddresses()]));
  const clocks = new Map<HostName, HostClock>();
  const streams: Promise<void>[] = [];
  /** Hosts that may go silent, and when each was last heard. */
  const leaving = new Set<HostName>();
  const heard = new Map<HostName, number>();
  let failure: unknown = null;

  const follow = async (host: Host, clock: HostClock, ready: () => void): Promise<void> => {
    const held = has.get(host.name) ?? heldAddresses();
    const parse = monitorParser();
    for await (const line of host.watch(monitorScript(options.limitSeconds), ending)) {
      const nowMs = options.now();
      const said = parse(line);
      if (said === null) continue;
      heard.set(host.name, nowMs);
      clock.heard(said.kind === 'tick' ? said.toMs : said.atMs, nowMs);
      if (said.kind === 'tick') clock.ticked(said.fromMs, said.up);
      for (const { address, held: isHeld, atMs } of held.take(said))
        seen.push({ host: host.name, address, held: isHeld, at: () => clock.toLocal(atMs) });
      if (said.kind === 'tick') ready();
    }
  };

  const silence = (host: HostName): void => {
    const lastMs = heard.get(host) ?? options.now();
    for (const address of has.get(host)?.current ?? [])
      seen.push({ host, address, held: false, at: () => lastMs });
    has.set(host, heldAddresses());
  };

  const begin = (host: Host, clock: HostClock): Promise<void> =>
    new Promise((resolve, reject) => {
      const stream = follow(host, clock, resolve).then(() => {
        if (!ending.aborted)
          throw new HaupError('CONNECTION_LOST', 'The watch on its addresses ended by itself.', {
            host: host.name,
          });
      });
      streams.push(
        stream.catch((error: unknown) => {
          // Of a host that is watched again it is the end of the former watch.
          if (leaving.has(host.name)) silence(host.name);
          else if (!ending.aborted && clocks.get(host.name) === clock) failure ??= error;
          reject(error);
        }),
      );
      ending.addEventListener('abort', () => reject(ending.reason as Error), { once: true });
    });

  const end = async (): Promise<void> => {
    over.abort();
    await Promise.all(streams);
  };
  const join = async (host: Host): Promise<void> => {
    const clock = hostClock();
    clocks.set(host.name, clock);
    await Promise.all([begin(host, clock), compareClocks(host, clock, options.now, ending)]);
  };
  try {
    await Promise.all(hosts.map(join));
  } catch (error) {
    await end();
    throw error;
  }
  const localMs = (host: HostName, atMs: number): number => clocks.get(host)?.toLocal(atMs) ?? atMs;
  const local = ({ at, ...event }: HostEvent): AddressEvent => ({ ...event, at: at() });
  return {
    holders: (address) => {
      if (failure !== null) throw failure;
      return [...has].flatMap(([host, { current }]) => (current.has(address) ? [host] : [])).toSorted();
    },
    events: (address) => seen.filter((one) => one.address === address).map(local),
    localMs,
    leave: (host) => void leaving.add(host),
    rejoin: async (host) => {
      silence(host.name);
      leaving.delete(host.name);
      await join(host);
    },
    clockErrorMs: () => Math.max(0, ...[...clocks.values()].map((clock) => clock.errorMs())),
    [Symbol.asyncDispose]: end,
  };
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
