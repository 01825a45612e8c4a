/** What 200 hosts are given at a time. */

import { setMaxListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { Action } from '../../src/model/action.ts';
import type { Host } from '../../src/model/host.ts';
import { shares } from '../../src/ssh/shares.ts';
import { sshHost } from '../../src/ssh/ssh-host.ts';
import type { Connection } from '../../src/ssh/transport.ts';
import { never } from './spec.ts';

const tarball = new Uint8Array(5_000_000);
const upload: Action = {
  do: 'upload',
  tarball: { name: 'nginx-1.28.0.tar.gz', sha256: 'a'.repeat(64) } as never,
};

/** Hosts that answer after a while, but for the silent ones; and what they were doing at a time. */
function fleet(silent: number) {
  let now = 0;
  const seen = { most: 0, sent: new Set<ArrayBufferLike | undefined>() };
  const connection = (at: number): Connection => ({
    host: `host-${at}`,
    user: 'root',
    run: async ({ stdin }, signal) => {
      signal.throwIfAborted();
      now += 1;
      seen.most = Math.max(seen.most, now);
      seen.sent.add(stdin?.buffer);
      await (at < silent
        ? new Promise((_, reject) => {
            setMaxListeners(0, signal);
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          })
        : Promise.resolve());
      now -= 1;
      return { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    },
    lines: () => {
      throw new Error('not looked at');
    },
    [Symbol.asyncDispose]: async () => undefined,
  });
  const store = { tarball: () => tarball, pack: () => tarball };
  const shared = shares();
  return { seen, hosts: Array.from({ length: 200 }, (_, at) => sshHost(connection(at), store, shared)) };
}

const read = (host: Host, signal: AbortSignal): Promise<unknown> => host.read('true' as never, signal);
const push = (host: Host, signal: AbortSignal): Promise<unknown> => host.act(upload, signal);

test.each([
  { what: 'looks', work: read, most: 64 },
  { what: 'uploads', work: push, most: 16 },
])('$what go to $most hosts at a time, and a silent one keeps no other waiting', async ({ work, most }) => {
  const { hosts, seen } = fleet(1);
  const over = new AbortController();
  const [silent, ...others] = hosts.map((host) => work(host, over.signal));
  await Promise.all(others);
  expect(seen.most).toBe(most);
  over.abort(new Error('over'));
  await expect(silent).rejects.toThrow('over');
});

test('who waits for a turn when the operator interrupts waits no longer', async () => {
  const { hosts, seen } = fleet(200);
  const over = new AbortController();
  const working = hosts.map((host) => push(host, over.signal));
  await new Promise(setImmediate);
  over.abort();
  const outcomes = await Promise.allSettled(working);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(200);
  expect(seen.most).toBe(16);
});

test('all are sent the same bytes: a pack is in memory once', async () => {
  const { hosts, seen } = fleet(0);
  await Promise.all(hosts.map((host) => push(host, never)));
  expect([...seen.sent]).toEqual([tarball.buffer]);
});

test('what is small waits for no upload', async () => {
  const { hosts } = fleet(16);
  const over = new AbortController();
  const slow = hosts.slice(0, 16).map((host) => push(host, over.signal));
  await hosts[20]?.act({ do: 'keep-state', label: {}, services: [] } as never, never);
  over.abort();
  await Promise.allSettled(slow);
});
