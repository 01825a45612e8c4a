/** Where programs listen for TCP, and which sockets cannot be there at once. Pure. */

import type { Service } from '../model/domain.ts';
import type { Listener, Socket } from '../model/socket.ts';

const every: ReadonlySet<string> = new Set(['*', '0.0.0.0', '::']);
const families = (address: string): readonly number[] =>
  address === '*' ? [4, 6] : address.includes(':') ? [6] : [4];

/** The kernel refuses the one while the other listens. */
const clash = (a: Socket, b: Socket): boolean =>
  a.port === b.port &&
  families(a.address).some((family) => families(b.address).includes(family)) &&
  (a.address === b.address || every.has(a.address) || every.has(b.address));

/** nginx keeps such a socket when it reads its configuration again. Old ss do not tell `::` from `*`. */
const same = (a: Socket, b: Socket): boolean =>
  a.port === b.port &&
  (a.address === b.address ||
    (families(a.address).includes(6) &&
      every.has(a.address) &&
      every.has(b.address) &&
      families(b.address).includes(6)));

export const socketText = ({ address, port }: Socket): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

/**
 * What a running daemon cannot do by reading its configuration again: it opens the new socket while it still has
 * the old one. Null: nothing of the kind.
 */
export function rebound(has: readonly Socket[], wanted: readonly Socket[]): string | null {
  for (const socket of wanted) {
    if (has.some((one) => same(one, socket))) continue;
    const old = has.find((one) => clash(one, socket));
    if (old !== undefined) return `from ${socketText(old)} to ${socketText(socket)}`;
  }
  return null;
}

/** The listeners of others that are in the way of what a service wants. */
export function inTheWay(
  service: Service,
  wanted: readonly Socket[],
  listening: readonly Listener[],
): readonly { readonly socket: Socket; readonly by: Listener }[] {
  return wanted.flatMap((socket) => {
    const by = listening.find((one) => one.service !== service && clash(one, socket));
    return by === undefined ? [] : [{ socket, by }];
  });
}
