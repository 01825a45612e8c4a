import { connect, type Socket } from 'node:net';
import type { Sample } from './outage.ts';

export interface Target {
  readonly address: string;
  readonly port: number;
}

/** A request under way. */
export interface Pending {
  readonly sentAt: number;
  /** Tries a second connection beside the first, once. */
  again(): void;
  /** Ends it; what has not answered by now does not. Nothing when it has ended. */
  give(up: string): void;
}

/** More than this before the end of the head is not nginx. */
const longestHead = 16_384;

type Answer = Pick<Sample, 'status' | 'host'> & { readonly answeredAt: number };

/**
 * `GET /haup/host` on a new connection; `done` is called once, with times by `now`. A connection that
 * is cut before an answer is tried once more, as RFC 9110 9.2.2 allows for a GET and browsers do. What the
 * second connection says never hides what became of the first: the request ends when the first has.
 *
 * Plain TCP and ten lines of parsing in place of node:http: measured at 200 a second that is 6 % of a
 * core against 9 %, and the sampler shares the machine with what it measures. A connection is reset
 * as soon as the head is here, so that thousands of them leave no TIME_WAIT on either side.
 */
export function request(target: Target, now: () => number, done: (sample: Sample) => void): Pending {
  const sockets: Socket[] = [];
  /** How the first connection failed, and what the second one answered. */
  let failed: string | null = null;
  let second: Answer | null = null;
  let open = true;
  const end = (rest: Omit<Sample, 'sentAt'>): void => {
    if (!open) return;
    open = false;
    for (const socket of sockets) socket.resetAndDestroy();
    done({ sentAt, ...rest });
  };
  const give = (error: string): void => {
    failed ??= error;
    end(
      second === null
        ? { answeredAt: null, status: null, host: null, retried: false, error: failed }
        : { ...second, retried: true, error: failed },
    );
  };
  const attempt = (): void => {
    const isSecond = sockets.length > 0;
    const socket = connect({ host: target.address, port: target.port, noDelay: true });
    sockets.push(socket);
    let head = '';
    let cut = 'closed';
    const answered = (answer: Answer): void => {
      if (!isSecond) return end({ ...answer, retried: false, error: null });
      second = answer;
      // Was the first only slow? A client without a second connection would still wait for it.
      if (failed === null) socket.resetAndDestroy();
      else give(failed);
    };
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1');
      const parsed = parseHead(head);
      if (parsed !== null) answered({ answeredAt: now(), ...parsed });
      else if (head.length > longestHead) {
        cut = 'no HTTP';
        socket.resetAndDestroy();
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      cut = error.code ?? error.message;
    });
    socket.on('close', () => {
      if (!open) return;
      if (!isSecond) failed ??= cut;
      const other = sockets[isSecond ? 0 : 1];
      if (other?.destroyed === true) give(cut);
      if (other !== undefined) return;
      // Cut in flight: the VIP moved between two packets. Anything else is the service's own word.
      if (cut === 'ECONNRESET' || cut === 'closed') again();
      else give(cut);
    });
    socket.write(ask(target.address));
  };
  const again = (): void => {
    if (open && sockets.length === 1) attempt();
  };
  const sentAt = now();
  attempt();
  return { sentAt, again, give };
}

const ask = (address: string): string =>
  `GET /haup/host HTTP/1.1\r\nHost: ${address.includes(':') ? `[${address}]` : address}\r\nUser-Agent: haup\r\nConnection: close\r\n\r\n`;

/** Null: the head is not complete yet, or is no HTTP. */
export function parseHead(text: string): { readonly status: number; readonly host: string | null } | null {
  const end = text.indexOf('\r\n\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(text)?.[1];
  if (end < 0 || status === undefined) return null;
  return {
    status: Number(status),
    host: /\r\nx-haup-host: *([^\r]*?) *\r\n/i.exec(text.slice(0, end + 2))?.[1] ?? null,
  };
}
