/** Jump hosts, as ssh's ProxyJump writes them. Pure. */

import { HaupError } from '../../model/errors.ts';

export interface JumpHost {
  readonly user: string | null;
  readonly address: string;
  readonly port: number | null;
}

/**
 * Reads `[user@]host[:port]`, separated by commas, in the order of the route. Also `ssh://[user@]host[:port]`, and IPv6
 * addresses in brackets.
 * @throws HaupError SSH_UNSUPPORTED
 */
export function parseJumpHosts(text: string, host: string): JumpHost[] {
  if (text === 'none') return [];
  return text.split(',').map((part) => {
    const match =
      /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^\s[\]@:]+|[0-9a-f:]+))(?::(\d{1,5}))?\/?$/i.exec(
        part.trim(),
      );
    const address = match?.[2] ?? match?.[3];
    if (address === undefined || address.startsWith('-')) {
      throw new HaupError('SSH_UNSUPPORTED', `The jump host '${part.trim()}' is not valid.`, {
        host,
        hint: 'Write [user@]host[:port], separated by commas.',
      });
    }
    return { user: match?.[1] ?? null, address, port: match?.[4] === undefined ? null : Number(match[4]) };
  });
}

/** A host that is its own jump host is reached directly, as by ssh, so that `Host *` may name the jump host. */
export function jumpsToItself(
  jump: JumpHost,
  target: { address: string; hostname: string; port: number },
): boolean {
  const name = jump.address.toLowerCase();
  return (
    (name === target.address.toLowerCase() || name === target.hostname.toLowerCase()) &&
    (jump.port ?? target.port) === target.port
  );
}
