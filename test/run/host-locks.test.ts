import { expect, test } from 'vitest';
import { HaupError } from '../../src/model/errors.ts';
import type { HostLock } from '../../src/model/host.ts';
import type { LockOwner } from '../../src/model/lock-owner.ts';
import { type LockOptions, lockHosts, takenAway } from '../../src/run/host-locks.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';

const never = new AbortController().signal;
const ana: LockOwner = { who: 'ana@desk', since: '2026-01-01T00:00:00Z', why: 'haup apply' };

interface Watched {
  readonly host: FakeHost;
  readonly lost: AbortController;
}

function world() {
  /** In which order locks were taken and released. */
  const order: string[] = [];
  const make = (
    name: string,
    answer: LockOwner | HaupError | null = null,
    drill: HostLock['drill'] = null,
  ): Watched => {
    const lost = new AbortController();
    const own = fakeHost(bareFacts(name, { drill }));
    const lock = async (): Promise<HostLock | LockOwner> => {
      if (answer instanceof HaupError) throw answer;
      if (answer !== null) return answer;
      order.push(`+${name}`);
      return {
        lost: lost.signal,
        drill: own.facts().drill,
        [Symbol.asyncDispose]: async () => void order.push(`-${name}`),
      };
    };
    return { host: { ...own, lock }, lost };
  };
  const said: string[] = [];
  const options: LockOptions = {
    owner: ana,
    waitMs: 0,
    now: () => 0,
    sleep: async () => undefined,
    onWait: (host) => void said.push(`wait for ${host}`),
    onUnlocked: (host, { code }) => void said.push(`${host} ${code}`),
    onDrill: (host, drill, error) => void said.push(`${host} ${drill} ${error?.code ?? 'ended'}`),
  };
  return { order, said, make, options };
}
const mapOf = (...all: readonly Watched[]): Map<string, FakeHost> =>
  new Map(all.map(({ host }) => [host.name, host]));

test('locks the hosts and those beside them in one order, whichever are which', async () => {
  const { order, make, options } = world();
  const what = { hosts: mapOf(make('c'), make('a')), beside: mapOf(make('d'), make('b')) };
  {
    await using _lock = await lockHosts(what, options, never);
    expect(order).toEqual(['+a', '+b', '+c', '+d']);
  }
  expect(order.slice(4).toSorted()).toEqual(['-a', '-b', '-c', '-d']);
});

test('a lock that somebody has beside the hosts keeps from going on, and nothing stays locked', async () => {
  const { order, make, options } = world();
  const what = { hosts: mapOf(make('a')), beside: mapOf(make('b', ana)) };
  await expect(lockHosts(what, options, never)).rejects.toMatchObject({ code: 'LOCKED', host: 'b' });
  expect(order).toEqual(['+a', '-a']);
});

test('a host beside them that cannot be locked is told of; one of the hosts is an error', async () => {
  const { order, said, make, options } = world();
  const ill = new HaupError('COMMAND_TIMED_OUT', 'It hangs.', { host: 'b' });
  await using _lock = await lockHosts(
    { hosts: mapOf(make('a')), beside: mapOf(make('b', ill)) },
    options,
    never,
  );
  expect(said).toEqual(['b COMMAND_TIMED_OUT']);
  const other = world();
  await expect(
    lockHosts({ hosts: mapOf(other.make('a'), other.make('b', ill)), beside: new Map() }, options, never),
  ).rejects.toBe(ill);
  expect(order).toEqual(['+a']);
  expect(other.order).toEqual(['+a', '-a']);
});

test('drills that were cut off are ended, and it is told', async () => {
  const { said, make, options } = world();
  const [a, b, c] = [make('a', null, 'stop'), make('b'), make('c', null, 'drain')];
  c.host.failOn('end-drill', new HaupError('DRILL_FAILED', 'no', { host: 'c' }));
  await using _lock = await lockHosts({ hosts: mapOf(a, b), beside: mapOf(c) }, options, never);
  expect(said.toSorted()).toEqual(['a stop ended', 'c drain DRILL_FAILED']);
  expect(a.host.facts()).toMatchObject({ drill: null, services: { keepalived: { active: 'active' } } });
  expect(b.host.acted).toEqual([]);
});

test('a host that is lost ends the lock, one beside it only when its lock is taken away', async () => {
  const { make, options } = world();
  const [a, b] = [make('a'), make('b')];
  await using lock = await lockHosts({ hosts: mapOf(a), beside: mapOf(b) }, options, never);
  b.lost.abort(new HaupError('CONNECTION_LOST', 'gone', { host: 'b' }));
  expect(lock.lost.aborted).toBe(false);
  const gone = new HaupError('CONNECTION_LOST', 'gone', { host: 'a' });
  a.lost.abort(gone);
  expect(lock.lost.reason).toBe(gone);
  expect(takenAway(lock).aborted).toBe(false);
  const next = world();
  const [c, d] = [next.make('c'), next.make('d')];
  await using other = await lockHosts({ hosts: mapOf(c), beside: mapOf(d) }, options, never);
  d.lost.abort(new HaupError('LOCKED', 'taken', { host: 'd' }));
  expect(takenAway(other).aborted).toBe(true);
});

test('a host that goes away on purpose is let go of, and locked again when it is back', async () => {
  const { order, make, options } = world();
  const [a, b, back] = [make('a'), make('b'), make('a')];
  {
    await using lock = await lockHosts({ hosts: mapOf(a, b), beside: new Map() }, options, never);
    await lock.letGo('a');
    expect(lock.lost.aborted).toBe(false);
    await lock.retake(back.host, never);
    expect(order).toEqual(['+a', '+b', '-a', '+a']);
    const gone = new HaupError('CONNECTION_LOST', 'gone', { host: 'a' });
    back.lost.abort(gone);
    expect(lock.lost.reason).toBe(gone);
  }
  expect(order.slice(4).toSorted()).toEqual(['-a', '-b']);
});

test('a host that another run has locked meanwhile is not taken from it', async () => {
  const { make, options } = world();
  await using lock = await lockHosts({ hosts: mapOf(make('b')), beside: new Map() }, options, never);
  await lock.letGo('b');
  await expect(lock.retake(make('b', ana).host, never)).rejects.toMatchObject({ code: 'LOCKED', host: 'b' });
});
