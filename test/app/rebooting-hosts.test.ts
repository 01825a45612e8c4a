import { expect, test } from 'vitest';
import type { Context } from '../../src/app/command-context.ts';
import { comebacks, ownHost } from '../../src/app/rebooting-hosts.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { Host } from '../../src/model/host.ts';
import { exampleInventory } from '../fakes/example.ts';

const never = new AbortController().signal;
const options = { color: 'auto', strictHostKey: 'yes', connectTimeout: '15' } as const;
const booted = (id: string): Host =>
  ({ name: 'keep_136', read: async () => Buffer.from(`${id}\n`) }) as unknown as Host;

/** What each attempt to connect comes to. */
function world(attempts: readonly (Host | HaupError)[], retake: () => Promise<void> = async () => {}) {
  const left = [...attempts];
  const log: string[] = [];
  const context = {
    signal: never,
    err: () => {},
    reach: async () => {
      const next = left.shift();
      if (next === undefined) throw new Error('one attempt too many');
      if (next instanceof HaupError) throw next;
      return { host: next, [Symbol.asyncDispose]: async () => void log.push('closed') };
    },
  } as unknown as Context;
  const hosts = new Map([['keep_136', booted('old')]]);
  const lock = {
    letGo: async (host: string) => void log.push(`let go of ${host}`),
    retake: async (host: Host) => {
      await retake();
      log.push(`locked ${host.name}`);
    },
  };
  return { log, hosts, ...comebacks(context, exampleInventory(), options, hosts, lock) };
}
const refused = new HaupError('AUTH_REFUSED', 'System is booting up.', { host: 'keep_136' });

test('a host is back when it answers with another boot ID: it is locked, and every later drill has it', async () => {
  const back = booted('new');
  await using w = world([booted('old'), refused, back]);
  await w.leave('keep_136');
  const told: string[] = [];
  expect(await w.comeBack('keep_136', 60_000, never, (why) => told.push(why))).toBe(back);
  expect(told).toEqual(['it answers, and has not rebooted yet', 'System is booting up.']);
  expect(w.hosts.get('keep_136')).toBe(back);
  expect(w.log).toEqual(['let go of keep_136', 'closed', 'locked keep_136']);
});

test('one that does not come back in time says the last reason', async () => {
  await using w = world([refused]);
  await w.leave('keep_136');
  expect(await w.comeBack('keep_136', -1, never, () => {})).toBe('System is booting up.');
});

test('one whose key has changed is not waited for, and one that another run has locked is', async () => {
  const changed = new HaupError('HOST_KEY_CHANGED', 'Another key.', { host: 'keep_136' });
  await using one = world([changed]);
  await one.leave('keep_136');
  await expect(one.comeBack('keep_136', 60_000, never, () => {})).rejects.toBe(changed);
  let locked = true;
  await using other = world([booted('new'), booted('new')], async () => {
    if (!locked) return;
    locked = false;
    throw new HaupError('LOCKED', 'ana is at work on it.', { host: 'keep_136' });
  });
  await other.leave('keep_136');
  const told: string[] = [];
  await other.comeBack('keep_136', 60_000, never, (why) => told.push(why));
  expect(told).toEqual(['ana is at work on it.']);
});

test('the host that haup runs on is known by its boot', async () => {
  expect(await ownHost(new Map([['keep_136', booted('another')]]), never)).toBeNull();
});
