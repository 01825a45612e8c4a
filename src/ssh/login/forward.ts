import type { Duplex } from 'node:stream';
import { HaupError } from '../../model/errors.ts';
import { type Link, unlessAborted } from '../channel/channel.ts';
import { interrupted } from './failure.ts';

/** Where a jump host is to connect to; `host` and `label` are for messages. */
export interface ForwardTarget {
  readonly host: string;
  readonly label: string;
  readonly hostname: string;
  readonly port: number;
}

/** A TCP connection that a jump host makes. */
export async function forward(
  via: Link,
  { host, label, hostname, port }: ForwardTarget,
  limitMs: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const opening = new Promise<Duplex>((resolve, reject) => {
    via.client.forwardOut('127.0.0.1', 0, hostname, port, (error, channel) =>
      error ? reject(error) : resolve(channel),
    );
  });
  try {
    return await unlessAborted(opening, via, AbortSignal.any([signal, AbortSignal.timeout(limitMs)]));
  } catch (cause) {
    opening.then(
      (channel) => channel.destroy(),
      () => {},
    );
    if (signal.aborted) throw interrupted(host, signal);
    const why =
      cause instanceof HaupError ? `no answer within ${limitMs / 1000} s` : (cause as Error).message;
    throw new HaupError(
      'HOST_UNREACHABLE',
      `The jump host cannot reach ${label} (${hostname}:${port}): ${why}.`,
      {
        host,
        hint: 'Check the address and port, and that the jump host allows forwarding (AllowTcpForwarding).',
        cause,
      },
    );
  }
}
