import type { MonitorLine } from './monitor.ts';

/** A kernel got or lost an address, by the clock of its host. */
export interface AddressChange {
  readonly address: string;
  readonly held: boolean;
  readonly atMs: number;
}

/** The addresses of one host, kept current by what its monitor prints. */
export interface HeldAddresses {
  readonly current: ReadonlySet<string>;
  /** What a line has changed. */
  take(line: MonitorLine): readonly AddressChange[];
}

export function heldAddresses(): HeldAddresses {
  const current = new Set<string>();
  /** Address → when its state was last said to change. */
  const changedAt = new Map<string, number>();
  const note = (address: string, held: boolean, atMs: number): readonly AddressChange[] => {
    if (current.has(address) === held) return [];
    if (held) current.add(address);
    else current.delete(address);
    return [{ address, held, atMs }];
  };
  return {
    current,
    take: (line) => {
      if (line.kind === 'change') {
        changedAt.set(line.address, line.atMs);
        return note(line.address, line.held, line.atMs);
      }
      // Normally nothing new. A change that the monitor missed is found here, with the next list; one that fell into
      // the looking is left to the monitor's own line.
      return [...new Set([...current, ...line.addresses])]
        .filter((address) => (changedAt.get(address) ?? 0) < line.fromMs)
        .flatMap((address) => note(address, line.addresses.includes(address), line.toMs));
    },
  };
}
