/** One connection that stays open, as a browser or an API client has it. */

import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { probePath } from '../nginx/probe.ts';
import type { ConnectionKind } from '../model/report.ts';
import { cutOff, secured, type Target, unfinished } from './ask.ts';

export interface HeldConnection {
  /** Sends what a client of its kind sends now and then. */
  beat(): void;
  /** Sends a request or ends the one under way: the answer shows that the connection was kept. */
  ask(): void;
  destroy(): void;
  /**
   * After it was destroyed: ends what a host that lost the address meanwhile still takes for this connection. A SYN from
   * the same port is answered as a challenge, and the reset that follows is for that host (RFC 9293, 3.5.1). Does not
   * reject; takes 0.3 s at the longest.
   */
  forget(): Promise<void>;
}

/**
 * `opened`: its first request was answered. `kept`: so was the one that it was told to ask. `closed`: ended by the
 * server in order, between two requests (in HTTP/2: after it has said so). `cut`: in any other way; also a connection that could not be opened.
 */
export type ConnectionEvent = 'opened' | 'kept' | 'closed' | 'cut';

/** `tell` is called with `opened` at most once, then with one of the others at most once. */
export const heldConnection = (
  kind: ConnectionKind,
  target: Target,
  tell: (event: ConnectionEvent) => void,
): HeldConnection => (kind === 'http2' ? overHttp2(target, tell) : overHttp1(kind, target, tell));

/** More than this before the end of an answer is not nginx. */
const longestAnswer = 65_536;

function overHttp1(
  kind: ConnectionKind,
  target: Target,
  tell: (event: ConnectionEvent) => void,
): HeldConnection {
  const head = unfinished(target.name ?? target.address);
  let stream: Socket | null = null;
  /** Requests that were sent, at least in part, and answers that came. */
  let [sent, answers] = [0, 0];
  let asked = false;
  let text = '';
  const send = (rest: string): void => {
    sent++;
    stream?.write(head + rest);
  };
  // libuv reports a reset that comes with the last answer as an end; only a connection that was ended takes more.
  const ended = (): void => {
    if (sent > answers) tell('cut');
    else stream?.write('\r\n', (error) => tell(error instanceof Error ? 'cut' : 'closed'));
  };
  const read = (chunk: Buffer): void => {
    text += chunk.toString('latin1');
    const answer = wholeAnswer(text);
    if (answer === null) {
      if (text.length > longestAnswer) tell('cut');
      return;
    }
    text = '';
    answers++;
    if (asked) tell('kept');
    // An answer to a request that has not been sent to its end: the server does not wait for the rest.
    else if (answer.closes || (kind === 'underway' && answers > 1)) tell('closed');
    else if (answers === 1) {
      tell('opened');
      if (kind === 'underway') send('X-Haup: ');
    }
  };
  const failed = (): void => tell('cut');
  const { socket, forget } = dial(target, undefined, failed, (ready) => {
    stream = ready;
    ready.on('data', read).on('end', ended).on('close', ended);
    send('\r\n');
  });
  return {
    beat: () => {
      if (answers === 0) return;
      if (kind === 'busy' && sent === answers) send('\r\n');
      // Less than nginx waits for between two parts of a head, and never the end of it.
      if (kind === 'underway') stream?.write('.');
    },
    ask: () => {
      asked = true;
      if (kind === 'underway') stream?.write('\r\n\r\n');
      else if (sent === answers) send('\r\n');
    },
    destroy: () => cutOff(socket),
    forget,
  };
}

/** Null: the end is not here yet. nginx says how long the answers are that haup asks for. */
function wholeAnswer(text: string): { readonly closes: boolean } | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return text.length < end + 4 + length ? null : { closes: /\r\nconnection: *close/i.test(head) };
}

function overHttp2(target: Target, tell: (event: ConnectionEvent) => void): HeldConnection {
  const host = target.name ?? target.address;
  const authority = host.includes(':') ? `[${host}]` : host;
  let [sent, answers] = [0, 0];
  let [opened, asked, leaving] = [false, false, false];
  let send = (): void => {};
  const ended = (): void => tell(leaving && sent === answers ? 'closed' : 'cut');
  const { socket, forget } = dial(target, ['h2', 'http/1.1'], ended, (ready) => {
    const secure = ready instanceof TLSSocket;
    if (secure && ready.alpnProtocol !== 'h2') return ended();
    const session = connectHttp2(`${secure ? 'https' : 'http'}://${authority}`, {
      createConnection: () => ready,
    });
    session.on('goaway', (code) => (leaving = code === 0));
    session.on('error', ended).on('close', ended);
    send = (): void => {
      if (session.closed || session.destroyed) return;
      sent++;
      const ownAsked = asked;
      const stream = session.request({ ':path': probePath });
      // What is wrong with a request is wrong with its connection, which tells.
      stream.on('error', () => {});
      // A stream that breaks off ends too.
      let begun = false;
      stream.on('response', () => (begun = true));
      stream.on('end', () => {
        if (!begun || session.destroyed) return;
        answers++;
        if (ownAsked) tell('kept');
        else if (!opened) {
          opened = true;
          tell('opened');
        }
      });
      stream.resume();
    };
    send();
  });
  return {
    beat: () => {
      if (opened && sent === answers) send();
    },
    ask: () => {
      asked = true;
      send();
    },
    destroy: () => cutOff(socket),
    forget,
  };
}

/** The challenge and the reset take a round trip; the SYN that the kernel sends again, after a second, goes out beside what comes next. */
const challengeMs = 300;
const secondSynMs = 2_000;

/** `ready` is given what to speak through. */
function dial(
  { address, port, kind, name = null, proxy = false }: Target,
  protocols: string[] | undefined,
  failed: () => void,
  ready: (stream: Socket) => void,
): { readonly socket: Socket; readonly forget: () => Promise<void> } {
  // A session of HTTP/2 would not notice the end of a half-open one.
  const allowHalfOpen = protocols === undefined;
  const socket = connect({ host: address, port, noDelay: true, allowHalfOpen });
  socket.on('error', failed);
  if (proxy) socket.write('PROXY UNKNOWN\r\n');
  let own: { readonly localAddress: string; readonly localPort: number } | null = null;
  socket.once('connect', () => {
    const { localAddress, localPort } = socket;
    if (localAddress !== undefined && localPort !== undefined) own = { localAddress, localPort };
    if (kind !== 'https') return ready(socket);
    const tls = secured(socket, name, protocols);
    tls.on('error', failed);
    tls.once('secureConnect', () => ready(tls));
  });
  const forget = (): Promise<void> =>
    new Promise((resolve) => {
      if (own === null) return resolve();
      const again = connect({ host: address, port, ...own });
      const timers = [setTimeout(resolve, challengeMs), setTimeout(done, secondSynMs).unref()];
      function done(): void {
        timers.forEach(clearTimeout);
        cutOff(again);
        resolve();
      }
      again.once('connect', done).on('error', done);
    });
  return { socket, forget };
}
