import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import type { Target } from '../../src/measure/ask.ts';
import { monotonicMs } from '../../src/base/clock.ts';
import { isAnswered, type Sample } from '../../src/measure/outage.ts';
import { request } from '../../src/measure/probe-request.ts';
import { certificate } from '../e2e/certificate.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function asked(server: Server, how: Partial<Target>): Promise<Sample> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return new Promise((resolve) => request({ address: '127.0.0.1', port, ...how }, monotonicMs, resolve));
}

const answer = 'HTTP/1.1 200 OK\r\nX-Haup-Host: keep_136\r\n\r\n';
const plain = (serve: (socket: Socket, said: string) => void): Server =>
  createServer((socket) => {
    let said = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => serve(socket, (said += chunk.toString('latin1'))));
  });
const names: (string | null)[] = [];
const secure = (serve: (socket: Socket) => void): Server =>
  createTlsServer({ key: certificate, cert: certificate }, (socket) => {
    names.push(socket.servername === false ? null : (socket.servername ?? null));
    socket.on('error', () => {});
    socket.once('data', () => serve(socket));
  }).on('tlsClientError', () => {});

test('behind a PROXY header the request comes after it', async () => {
  let heard = '';
  const server = plain((socket, said) => {
    heard = said;
    if (said.endsWith('\r\n\r\n')) socket.write(answer);
  });
  expect(await asked(server, { kind: 'http', proxy: true })).toMatchObject({ status: 200, host: 'keep_136' });
  expect(heard).toMatch(/^PROXY UNKNOWN\r\nGET \/haup\/host HTTP\/1\.1\r\n/);
});

test.each([['app.example.org'], [null]])('HTTPS for %s, whoever signed the certificate', async (name) => {
  const sample = await asked(
    secure((socket) => socket.write(answer)),
    { kind: 'https', name },
  );
  expect(sample).toMatchObject({ status: 200, host: 'keep_136', error: null });
  expect(names.at(-1)).toBe(name);
});

test('a TLS handshake is an answer, also one that is refused by an alert', async () => {
  expect(
    isAnswered(
      await asked(
        secure(() => {}),
        { kind: 'tls', name: 'app.example.org' },
      ),
    ),
  ).toBe(true);
  // handshake_failure
  const refusing = plain((socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40])));
  expect(isAnswered(await asked(refusing, { kind: 'tls' }))).toBe(true);
  const other = plain((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect(await asked(other, { kind: 'tls' })).toMatchObject({ answeredAt: null });
  const alien = plain((socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40])));
  expect(await asked(alien, { kind: 'https' })).toMatchObject({ answeredAt: null });
});

test('what hangs up or says nothing in TLS is no answer', async () => {
  const server = plain((socket) => socket.destroy());
  expect(await asked(server, { kind: 'tls' })).toMatchObject({ answeredAt: null });
});

test('HTTP/2 without TLS is answered by a frame, a connection by itself; neither has a name', async () => {
  let heard = '';
  const server = plain((socket, said) => {
    heard = said;
    if (said.includes('SM\r\n\r\n')) socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  });
  const unnamed = { status: null, host: null, error: null };
  expect(await asked(server, { kind: 'h2c' })).toMatchObject(unnamed);
  expect(heard).toMatch(/^PRI \* HTTP\/2\.0/);
  const sample = await asked(
    plain(() => {}),
    { kind: 'tcp' },
  );
  expect(sample).toMatchObject(unnamed);
  expect(isAnswered(sample)).toBe(true);
});
