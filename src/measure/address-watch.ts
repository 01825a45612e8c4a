import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Host } from '../model/host.ts';
import { type AddressChange, type HeldAddresses, heldAddresses } from './held-addresses.ts';
import { type HostClock, hostClock } from './host-clock.ts';
import type { AddressEvent } from './tenures.ts';
import { clockScript, fromNanoseconds, monitorParser, monitorScript } from './monitor.ts';

/** What the kernels of several hosts say of their addresses, while it happens. */
export interface Watch extends AsyncDisposable {
  /** Hosts whose kernel has the address now. Throws when a host is no longer watched. */
  holders(address: string): readonly HostName[];
  /** All that was seen of an address: times on the operator's monotonic clock. */
  events(address: string): readonly AddressEvent[];
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

interface HostEvent extends AddressChange {
  readonly host: HostName;
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
  const clocks = new Map<HostName, HostClock>(hosts.map(({ name }) => [name, hostClock()]));
  const streams: Promise<void>[] = [];
  let failure: unknown = null;

  const follow = async (host: Host, ready: () => void): Promise<void> => {
    const clock = clocks.get(host.name) ?? hostClock();
    const held = has.get(host.name) ?? heldAddresses();
    const parse = monitorParser();
    for await (const line of host.watch(monitorScript(options.limitSeconds), ending)) {
      const localMs = options.now();
      const said = parse(line);
      if (said === null) continue;
      clock.heard(said.kind === 'tick' ? said.toMs : said.atMs, localMs);
      if (said.kind === 'tick') clock.ticked(said.fromMs, said.up);
      seen.push(...held.take(said).map((change) => ({ host: host.name, ...change })));
      if (said.kind === 'tick') ready();
    }
  };

  const begin = (host: Host): Promise<void> =>
    new Promise((resolve, reject) => {
      const stream = follow(host, resolve).then(() => {
        if (!ending.aborted)
          throw new HaupError('CONNECTION_LOST', 'The watch on its addresses ended by itself.', {
            host: host.name,
          });
      });
      streams.push(
        stream.catch((error: unknown) => {
          if (!ending.aborted) failure ??= error;
          reject(error);
        }),
      );
      ending.addEventListener('abort', () => reject(ending.reason as Error), { once: true });
    });

  const end = async (): Promise<void> => {
    over.abort();
    await Promise.all(streams);
  };
  try {
    await Promise.all(
      hosts.map((host) => Promise.all([begin(host), compareClocks(host, clocks, options.now, ending)])),
    );
  } catch (error) {
    await end();
    throw error;
  }
  const local = ({ host, address, held, atMs }: HostEvent): AddressEvent => ({
    host,
    address,
    held,
    at: clocks.get(host)?.toLocal(atMs) ?? atMs,
  });
  return {
    holders: (address) => {
      if (failure !== null) throw failure;
      return [...has].flatMap(([host, { current }]) => (current.has(address) ? [host] : [])).toSorted();
    },
    events: (address) => seen.filter((one) => one.address === address).map(local),
    clockErrorMs: () => Math.max(0, ...[...clocks.values()].map((clock) => clock.errorMs())),
    [Symbol.asyncDispose]: end,
  };
}

async function compareClocks(
  host: Host,
  clocks: ReadonlyMap<HostName, HostClock>,
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
    clocks.get(host.name)?.asked(asked, said);
    clocks.get(host.name)?.heard(said, now());
  }
}
