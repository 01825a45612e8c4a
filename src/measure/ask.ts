/** One connection that asks what a probe says. */

import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type Probe, probePath } from '../nginx/probe.ts';

/** An address and how it is asked; plain HTTP where nothing else is said. */
export interface Target extends Partial<Omit<Probe, 'port'>> {
  readonly address: string;
  readonly port: number;
}

/** `status` of an answer that has none is null; `host`: by its own word, null when it does not say. */
export interface HttpAnswer {
  readonly status: number | null;
  readonly host: string | null;
}

/** More than this before the end of the head is not nginx. */
const longestHead = 16_384;

/**
 * Connects and asks; `answered` is called once, with null for what is no answer of nginx. What happens to the
 * connection otherwise is seen by its events.
 */
export function ask(target: Target, answered: (answer: HttpAnswer | null) => void): Socket {
  const { address, port, kind = 'http', name = null, proxy = false } = target;
  const socket = connect({ host: address, port, noDelay: true });
  // Of no client in particular: nginx reads it and goes on.
  if (proxy) socket.write('PROXY UNKNOWN\r\n');
  if (kind === 'tcp') return socket.once('connect', () => answered(unnamed));
  if (kind === 'h2c') {
    socket.write(http2Greeting);
    return socket.once('data', () => answered(unnamed));
  }
  if (kind === 'http') {
    socket.write(request(name ?? address));
    return socket.on('data', headReader(answered));
  }
  return socket.once('connect', () => {
    const tls = secured(socket, name);
    tls.on('error', (error: NodeJS.ErrnoException) => {
      // An alert is nginx's own word: none but those that were invited get any further.
      if (kind === 'tls' && isAlert(error)) answered(unnamed);
      else socket.destroy(error);
    });
    if (kind === 'tls') tls.once('secureConnect', () => answered(unnamed));
    else {
      tls.write(request(name ?? address));
      tls.on('data', headReader(answered));
    }
  });
}

/**
 * Ends a connection at once, by a reset. One that is not established yet is destroyed: Node's `resetAndDestroy` waits until it
 * is, and meanwhile the kernel sends its SYN again, for two minutes. What an outage leaves behind in this way, thousands of them,
 * would fill a host's accept queue when it is back.
 */
export function cutOff(socket: Socket): void {
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}

/** TLS over a socket; certificates are for the clients to judge. */
export const secured = (socket: Socket, name: string | null, protocols?: string[]): TLSSocket =>
  connectTls({
    socket,
    rejectUnauthorized: false,
    ...(name === null ? {} : { servername: name }),
    ...(protocols === undefined ? {} : { ALPNProtocols: protocols }),
  });

/** The other errors of TLS say that it was none. */
const isAlert = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  code.startsWith('ERR_SSL_') && code !== 'ERR_SSL_WRONG_VERSION_NUMBER';

const unnamed: HttpAnswer = { status: null, host: null };

function headReader(answered: (answer: HttpAnswer | null) => void): (chunk: Buffer) => void {
  let head = '';
  return (chunk) => {
    head += chunk.toString('latin1');
    const parsed = parseHead(head);
    if (parsed !== null) answered(parsed);
    else if (head.length > longestHead) answered(null);
  };
}

const request = (host: string): string => `${unfinished(host)}Connection: close\r\n\r\n`;

/** A request to which a header or an empty line is still to come. */
export const unfinished = (host: string): string =>
  `GET ${probePath} HTTP/1.1\r\nHost: ${host.includes(':') ? `[${host}]` : host}\r\nUser-Agent: haup\r\n`;

/** The preface and an empty frame of SETTINGS, RFC 9113 3.4; nginx answers with its own. */
const http2Greeting: Buffer = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

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
