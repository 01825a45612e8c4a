/** The moves of a VIP, from what the kernels said of it. Pure; times are milliseconds on one clock. */

import type { HostName } from '../model/domain.ts';
import type { HolderMove } from '../model/status-shape.ts';
import type { AddressEvent } from './tenures.ts';

/**
 * A move ends when one host holds the VIP alone. `events` may be in any order: hosts are not heard equally fast, so that an
 * event that comes late can change the last move.
 */
export function holderMoves(vip: string, events: readonly AddressEvent[]): readonly HolderMove[] {
  const holders = new Set<HostName>();
  const moves: HolderMove[] = [];
  /** The last host that held it alone, and for how long none and several have since. */
  let last: HostName | null = null;
  let [noneMs, bothMs, sinceMs] = [0, 0, 0];
  for (const { at, host, held } of events.toSorted((a, b) => a.at - b.at)) {
    if (holders.has(host) === held) continue;
    if (holders.size === 0) noneMs += at - sinceMs;
    if (holders.size > 1) bothMs += at - sinceMs;
    if (held) holders.add(host);
    else holders.delete(host);
    sinceMs = at;
    const [to] = holders;
    if (to === undefined || holders.size > 1) continue;
    if (last !== null) moves.push({ vip, from: last, to, atMs: at, noneMs, bothMs });
    [last, noneMs, bothMs] = [to, 0, 0];
  }
  return moves;
}
