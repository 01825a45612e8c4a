import { createServer } from 'node:http';
import { createSecureServer, createServer as createHttp2Server } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { monotonicMs } from '../../src/base/clock.ts';
import type { Target } from '../../src/measure/ask.ts';
import { connectionFigures } from '../../src/measure/connection-fates.ts';
import { type HeldConnections, holdConnections } from '../../src/measure/hold-connections.ts';
import type { ConnectionFigures } from '../../src/model/report.ts';
import { certificate } from '../e2e/certificate.ts';
import { waitFor } from '../wait-for.ts';

const each = 3;
const keys = { key: certificate, cert: certificate };
const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) server.close();
});

/** Requests that have been answered. */
let answered = 0;
const answer = (_request: unknown, response: { readonly end: (text: string) => unknown }): void => {
  answered++;
  response.end('keep_136\n');
};

async function hold(server: Server, how: Partial<Target> = {}): Promise<HeldConnections> {
  answered = 0;
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const held = holdConnections({ targets: [{ address: '127.0.0.1', port, ...how }], each }, monotonicMs);
  await held.opened;
  return held;
}
async function asked(held: HeldConnections, faultMs = monotonicMs()): Promise<readonly ConnectionFigures[]> {
  return connectionFigures((await held.ask()).get('127.0.0.1') ?? [], faultMs);
}
const all = (kind: ConnectionFigures['kind'], end: keyof ConnectionFigures): object => ({
  kind,
  open: each,
  [end]: each,
});

test('connections that go on are kept: the busy ones have sent meanwhile, the idle ones have not', async () => {
  const held = await hold(createServer(answer));
  await waitFor(() => expect(answered).toBeGreaterThan(5 * each));
  expect(await asked(held)).toMatchObject([
    all('busy', 'kept'),
    all('idle', 'kept'),
    all('underway', 'kept'),
  ]);
});

test('a request under way has not been answered before it is asked to end', async () => {
  const held = await hold(createServer(answer));
  const heads = sockets.size;
  expect(heads).toBe(3 * each);
  const before = answered;
  await sleep(50);
  const figures = await asked(held);
  expect(figures).toMatchObject([{}, {}, all('underway', 'kept')]);
  expect(answered).toBeGreaterThanOrEqual(before + 3 * each);
});

test('those that are reset are cut at once, and said to be so', async () => {
  const held = await hold(createServer(answer));
  const faultMs = monotonicMs();
  for (const socket of sockets) socket.resetAndDestroy();
  await sleep(20);
  const figures = await asked(held, faultMs);
  expect(figures).toMatchObject([all('busy', 'cut'), all('idle', 'cut'), all('underway', 'cut')]);
  for (const { cutMs } of figures) expect(cutMs?.fromMs).toBeLessThanOrEqual(cutMs?.toMs ?? 0);
});

test('a reset that comes together with an answer is one', async () => {
  const reply = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab';
  let faultMs = Number.POSITIVE_INFINITY;
  const held = await hold(
    createTcpServer((socket) => {
      socket.on('data', (chunk) => {
        if (!chunk.toString('latin1').endsWith('\r\n\r\n')) return;
        socket.write(reply);
        if (monotonicMs() > faultMs) socket.resetAndDestroy();
      });
    }),
  );
  faultMs = monotonicMs();
  // The busy ones have sent, and are gone.
  await waitFor(() => expect(sockets.size).toBe(2 * each));
  const [busy] = await asked(held, faultMs);
  expect(busy).toMatchObject(all('busy', 'cut'));
});

test('one that the server ends between two requests is closed, one in the middle of a request cut', async () => {
  const held = await hold(createServer(answer));
  const faultMs = monotonicMs();
  for (const socket of sockets) socket.end();
  await sleep(20);
  const [, idle, underway] = await asked(held, faultMs);
  expect([idle, underway]).toMatchObject([all('idle', 'closed'), all('underway', 'cut')]);
});

test('silence is no answer', async () => {
  let silent = false;
  const held = await hold(
    createServer((request, response) => {
      if (!silent) answer(request, response);
    }),
  );
  silent = true;
  expect(await asked(held)).toMatchObject([
    all('busy', 'unanswered'),
    all('idle', 'unanswered'),
    all('underway', 'unanswered'),
  ]);
});

test('a site that closes each connection has none open', async () => {
  const held = await hold(
    createServer((request, response) => {
      response.setHeader('connection', 'close');
      answer(request, response);
    }),
  );
  expect(await asked(held)).toEqual([]);
});

test('over TLS, and HTTP/2 where the site agrees to it', async () => {
  const both = createSecureServer({ ...keys, allowHTTP1: true }, answer) as unknown as Server;
  const held = await hold(both, { kind: 'https', name: 'app.example.org' });
  await waitFor(() => expect(answered).toBeGreaterThan(6 * each));
  expect(await asked(held)).toMatchObject([
    all('busy', 'kept'),
    all('idle', 'kept'),
    all('underway', 'kept'),
    all('http2', 'kept'),
  ]);
  const plain = await hold(createHttpsServer(keys, answer), { kind: 'https', name: 'app.example.org' });
  expect((await asked(plain)).map(({ kind }) => kind)).toEqual(['busy', 'idle', 'underway']);
});

test('HTTP/2 without TLS: kept, cut, and cut before an answer', async () => {
  const kept = await hold(createHttp2Server(answer), { kind: 'h2c' });
  expect(await asked(kept)).toMatchObject([all('http2', 'kept')]);
  const cut = await hold(createHttp2Server(answer), { kind: 'h2c' });
  const faultMs = monotonicMs();
  for (const socket of sockets) socket.resetAndDestroy();
  await sleep(20);
  expect(await asked(cut, faultMs)).toMatchObject([all('http2', 'cut')]);
  const gone = await hold(createHttp2Server(answer), { kind: 'h2c' });
  const endMs = monotonicMs();
  // As the kernel does for a server that was killed, which has said nothing.
  for (const socket of sockets) socket.end();
  await sleep(20);
  expect(await asked(gone, endMs)).toMatchObject([all('http2', 'cut')]);
  let silent = false;
  const silenced = createHttp2Server((request, response) => {
    if (!silent) answer(request, response);
  });
  const held = await hold(silenced, { kind: 'h2c' });
  silent = true;
  const asking = asked(held);
  await sleep(100);
  for (const socket of sockets) socket.resetAndDestroy();
  expect(await asking).toMatchObject([all('http2', 'cut')]);
});

test('where no HTTP is spoken, or nothing listens, none is held', async () => {
  for (const target of [
    { address: '127.0.0.1', port: 1, kind: 'tcp' } as const,
    { address: '127.0.0.1', port: 1 },
  ]) {
    const held = holdConnections({ targets: [target], each }, monotonicMs);
    await held.opened;
    expect(await asked(held)).toEqual([]);
  }
});
