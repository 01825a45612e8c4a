import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { monotonicMs } from '../../src/base/clock.ts';
import { outage, type Sample } from '../../src/measure/outage.ts';
import { parseHead } from '../../src/measure/ask.ts';
import { request } from '../../src/measure/probe-request.ts';
import { type Pace, sampleLoop } from '../../src/measure/sample-loop.ts';
import { hangMs } from '../limits.ts';
import { waitFor } from '../wait-for.ts';

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX-Haup-Host: keep_136\r\n\r\nkeep_136\n';
const servers: Server[] = [];

/** Serves 127.0.0.1; `serve` gets each connection and its number. */
async function listen(serve: (socket: Socket, count: number) => void): Promise<number> {
  let count = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket, count++);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function sampled(
  port: number,
  ms: number,
  options: { timeoutMs?: number; limitMs?: number } = {},
  during?: () => void,
): Promise<Sample[]> {
  const all: Sample[] = [];
  const loop = sampleLoop(
    {
      targets: [{ address: '127.0.0.1', port }],
      intervalMs: 5,
      timeoutMs: 900,
      limitMs: hangMs(20_000),
      ...options,
    },
    monotonicMs,
    timerPace(5),
    (batches) => all.push(...batches.flatMap((batch) => batch.samples)),
  );
  await sleep(ms);
  // A machine that is busy may have asked less often.
  if (options.limitMs === undefined) await waitFor(() => expect(all.length).toBeGreaterThan(10));
  if (during !== undefined) {
    // Right before the timers of the next turn, where a stall hurts most.
    await new Promise((resolve) => setImmediate(resolve));
    during();
    await sleep(50);
  }
  await loop.stop();
  return all.toSorted((a, b) => a.sentAt - b.sentAt);
}

/** As punctual as the timers of this thread. */
function timerPace(intervalMs: number): Pace {
  let timer: NodeJS.Timeout | undefined;
  return {
    startMs: monotonicMs(),
    begin: (tick) => (timer = setInterval(tick, intervalMs)),
    end: () => clearInterval(timer),
  };
}

const replies = (socket: Socket): void => void socket.once('data', () => socket.write(answer));

describe('sampleLoop', () => {
  test('asks every 5 ms on a new connection each, and notes who answered', async () => {
    let connections = 0;
    const port = await listen((socket) => {
      connections++;
      replies(socket);
    });
    const began = monotonicMs();
    const samples = await sampled(port, 500);
    expect(samples.length).toBeLessThanOrEqual((monotonicMs() - began) / 5 + 1);
    expect(connections).toBeGreaterThanOrEqual(samples.length);
    expect(samples.every((one) => one.host === 'keep_136' && one.status === 200)).toBe(true);
  });

  test('slots missed in a stall stay empty: no burst, and the stall is measured', async () => {
    const port = await listen(replies);
    const began = monotonicMs();
    let from = 0;
    const samples = await sampled(port, 100, {}, () => {
      from = monotonicMs();
      while (monotonicMs() < from + 200);
    });
    const slots = (monotonicMs() - began) / 5;
    expect(samples.length).toBeLessThanOrEqual(slots - 38);
    const after = samples.filter((one) => one.sentAt > from).map((one) => one.sentAt);
    expect(after).not.toEqual([]);
    // A late tick and the next one may be close; the forty that were missed would come at once.
    const close = after.map(
      (sentAt) => after.filter((other) => other >= sentAt && other < sentAt + 2).length,
    );
    expect(Math.max(...close)).toBeLessThanOrEqual(3);
    expect(samples.filter((one) => one.answeredAt === null)).toEqual([]);
  });

  test('an answer that arrived while this machine stalled for longer than the limit is not lost', async () => {
    // In a thread of its own, so that it answers during the stall.
    const server = new Worker(
      `const { parentPort } = require('node:worker_threads');
       const server = require('node:net').createServer((socket) => {
         socket.on('error', () => {});
         socket.once('data', () => setTimeout(() => socket.write(${JSON.stringify(answer)}), 30));
       });
       server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
      { eval: true },
    );
    const port = await new Promise<number>((resolve) => server.once('message', resolve));
    const samples = await sampled(port, 100, { timeoutMs: 300 }, () => {
      const until = monotonicMs() + 500;
      while (monotonicMs() < until);
    });
    await server.terminate();
    expect(samples.filter((one) => (one.answeredAt ?? 0) - one.sentAt > 400)).not.toEqual([]);
    expect(samples.filter((one) => one.answeredAt === null)).toEqual([]);
  });

  test('silence is lost after the limit, and stop waits for what is under way', async () => {
    const port = await listen(() => {});
    const before = monotonicMs();
    const samples = await sampled(port, 100, { timeoutMs: 200 });
    expect(monotonicMs() - before).toBeGreaterThan(250);
    expect(samples.every((one) => one.answeredAt === null && one.error === 'timeout')).toBe(true);
  });

  test('a connection cut before its answer is lost; that a second one was answered is counted apart', async () => {
    let cuts = 0;
    const port = await listen((socket, count) => {
      if (count % 20 !== 2) return replies(socket);
      cuts += 1;
      socket.once('data', () => socket.resetAndDestroy());
    });
    const result = outage(await sampled(port, 400), 5);
    expect(result.lost).toBeGreaterThan(0);
    // What was asked while this machine itself stalled is no loss of the server's.
    expect(result.lost).toBeLessThanOrEqual(cuts);
    expect(result.retried).toBe(result.lost);
  });

  test('so is silence, which is tried once more after 25 ms', async () => {
    const port = await listen((socket, count) => {
      if (count !== 2) replies(socket);
    });
    const samples = await sampled(port, 200, { timeoutMs: 300 });
    const again = samples.filter((one) => one.retried);
    expect(again).toMatchObject([{ status: 200, error: 'timeout' }]);
    expect(samples.filter((one) => one.answeredAt === null)).toEqual([]);
    expect((again[0]?.answeredAt ?? 0) - (again[0]?.sentAt ?? 0)).toBeGreaterThan(24);
  });

  test('a first connection that is only slow is not lost, though a second one was answered before it', async () => {
    let slow: Socket | undefined;
    let second = (): void => {};
    const answered = new Promise<void>((resolve) => (second = resolve));
    const port = await listen((socket, count) => {
      if (count === 0) slow = socket;
      else socket.once('data', () => socket.write(answer, () => second()));
    });
    const ended: Sample[] = [];
    const pending = request({ address: '127.0.0.1', port }, monotonicMs, (sample) => ended.push(sample));
    pending.again();
    await answered;
    await sleep(50);
    // A client without a second connection would still wait.
    expect(ended).toEqual([]);
    slow?.write(answer);
    for (const end = monotonicMs() + 10_000; ended.length === 0 && monotonicMs() < end; ) await sleep(5);
    expect(ended).toMatchObject([{ status: 200, retried: false, error: null }]);
  });

  test('one that is given up before it is connected leaves no SYN behind', async () => {
    // A server that is stopped, and has as many connections waiting as it wants.
    const server = spawn(process.execPath, [
      '-e',
      "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))",
    ]);
    try {
      const port = Number(await new Promise<Buffer>((resolve) => server.stdout.once('data', resolve)));
      server.kill('SIGSTOP');
      const connecting = (): number => {
        const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 02`;
        return readFileSync('/proc/net/tcp', 'utf8')
          .split('\n')
          .filter((line) => line.includes(local)).length;
      };
      const ended: Sample[] = [];
      const pending = Array.from({ length: 8 }, () =>
        request({ address: '127.0.0.1', port }, monotonicMs, (sample) => ended.push(sample)),
      );
      await waitFor(() => expect(connecting()).toBeGreaterThan(0));
      for (const one of pending) one.give('timeout');
      expect(ended).toHaveLength(pending.length);
      await waitFor(() => expect(connecting()).toBe(0));
    } finally {
      server.kill('SIGKILL');
    }
  });

  test('always cut, refused, or no HTTP: lost, with the reason', async () => {
    const cut = await sampled(
      await listen((socket) => void socket.once('data', () => socket.resetAndDestroy())),
      60,
    );
    expect(new Set(cut.map((one) => one.error))).toEqual(new Set(['ECONNRESET']));
    const port = await listen(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const refused = await sampled(port, 60);
    expect(new Set(refused.map((one) => one.error))).toEqual(new Set(['ECONNREFUSED']));
    const noise = await sampled(
      await listen((socket) => void socket.once('data', () => socket.write('x'.repeat(20_000)))),
      60,
    );
    expect(new Set(noise.map((one) => one.error))).toEqual(new Set(['no HTTP']));
  });

  test('ends by itself at its limit', async () => {
    const port = await listen(replies);
    const samples = await sampled(port, 300, { limitMs: 100 });
    expect(samples.length).toBeLessThan(22);
  });
});

test.each([
  ['HTTP/1.1 200 OK\r\nx-haup-host:keep_137\r\n\r\n', { status: 200, host: 'keep_137' }],
  ['HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\n\r\n<html>', { status: 502, host: null }],
  ['HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\nX-Haup-Host: keep_1\r\n', { status: 200, host: null }],
  ['HTTP/1.1 200 OK\r\nX-Haup-Host: ke', null],
  ['SSH-2.0-OpenSSH_9.2\r\n\r\n', null],
])('parseHead(%j)', (text, expected) => {
  expect(parseHead(text)).toEqual(expected);
});
