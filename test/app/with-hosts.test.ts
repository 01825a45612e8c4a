import { afterEach, beforeEach, expect, test } from 'vitest';
import { deferred } from '../../src/ssh/channel/deferred.ts';
import { unlock } from '../../src/cli/unlock-command.ts';
import { history } from '../../src/cli/history-command.ts';
import { plan } from '../../src/cli/plan-command.ts';
import { status } from '../../src/cli/status-command.ts';
import { apply } from '../../src/app/apply.ts';
import type { Context } from '../../src/app/command-context.ts';
import { withHosts } from '../../src/app/with-hosts.ts';
import { HaupError } from '../../src/model/errors.ts';
import type { Host } from '../../src/model/host.ts';
import type { LockOwner } from '../../src/model/lock-owner.ts';
import { type FakeCluster, fakeCluster } from '../fakes/cluster.ts';
import { type FakeOperator, type FakeWorld, fakeWorld, given } from '../fakes/context.ts';
import { fleetInventory } from '../fakes/fleet.ts';
import { bareFacts, fakeHost } from '../fakes/host.ts';
import { packaged } from '../fakes/pair.ts';

const text = `hosts:
  keep_136: { address: 192.168.160.136, interface: ens33 }
  keep_137: { address: 192.168.160.137, interface: ens33 }
vips:
  - { address: 192.168.160.161, hosts: [keep_136, keep_137], virtual_router_id: 51 }
keepalived: { version: 2.2.7, from: package }
nginx: { version: 1.22.1, from: package }
`;
const names = ['keep_136', 'keep_137'];

let cluster: FakeCluster;
let world: FakeWorld;
const begin = (operator: FakeOperator = {}): FakeWorld => (world = fakeWorld(cluster, text, operator));
beforeEach(() => {
  const addresses = ['192.168.160.137/24'];
  cluster = fakeCluster(packaged, [
    fakeHost(bareFacts('keep_136')),
    fakeHost(bareFacts('keep_137', { interfaces: [{ name: 'ens33', up: true, addresses }] })),
  ]);
  begin();
});
afterEach(() => world[Symbol.dispose]());

/** A context in which hosts fail, and which notes what is opened and closed. */
function reaching(failing: readonly string[]): { readonly context: Context; readonly log: string[] } {
  const log: string[] = [];
  const { context } = world;
  const reach: Context['reach'] = async (spec, options) => {
    if (failing.includes(spec.name)) {
      throw new HaupError('HOST_UNREACHABLE', 'No route to host.', { host: spec.name });
    }
    log.push(`open ${spec.name}`);
    const { host } = await context.reach(spec, options);
    return { host, [Symbol.asyncDispose]: async () => void log.push(`close ${spec.name}`) };
  };
  return { context: { ...context, reach }, log };
}

test('a time to wait for a lock that is no number is refused before any host is contacted', async () => {
  const { context, log } = reaching([]);
  await expect(apply(context, '-', { ...given, yes: true, lockWait: 'long' })).rejects.toMatchObject({
    code: 'USAGE',
    message: '--lock-wait long is not a whole number from 0 to 86400.',
  });
  expect(log).toEqual([]);
});

test('many hosts log in by turns, and one that does not answer keeps no other waiting', async () => {
  const many = fleetInventory(100);
  const [silent = ''] = many.hosts.map(({ name }) => name);
  let [now, most, answered] = [0, 0, 0];
  const late = deferred<void>();
  const reach: Context['reach'] = async (spec) => {
    now += 1;
    most = Math.max(most, now);
    if (spec.name === silent) await late.promise;
    else await Promise.resolve();
    now -= 1;
    answered += 1;
    // The silent one fails when all others have been reached.
    if (answered === many.hosts.length - 1) late.resolve();
    if (spec.name === silent) throw new HaupError('HOST_UNREACHABLE', 'No answer.', { host: silent });
    return { host: { name: spec.name } as Host, [Symbol.asyncDispose]: () => Promise.resolve() };
  };
  const settings = { names: many.hosts.map(({ name }) => name), needs: [] };
  const seen = await withHosts({ ...world.context, reach }, many, given, settings, async (session) => [
    session.hosts.size,
    [...session.failures.keys()],
  ]);
  expect(seen).toEqual([many.hosts.length - 1, [silent]]);
  expect(most).toBe(32);
});

test('connections are closed after the work, also when it fails', async () => {
  const { context, log } = reaching([]);
  const failing = withHosts(context, packaged, given, { names }, async () => {
    log.push('work');
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(log).toEqual(['open keep_136', 'open keep_137', 'work', 'close keep_136', 'close keep_137']);
});

test('a host that is needed and cannot be reached ends the command, one that is not does not', async () => {
  const { context, log } = reaching(['keep_137']);
  const work = async ({ hosts, failures }: { hosts: ReadonlyMap<string, Host>; failures: object }) => [
    hosts.size,
    failures,
  ];
  await expect(withHosts(context, packaged, given, { names }, work)).rejects.toMatchObject({
    code: 'HOST_UNREACHABLE',
    host: 'keep_137',
  });
  expect(log).toEqual(['open keep_136', 'close keep_136']);
  const needs = ['keep_136'];
  const [reached, failures] = await withHosts(context, packaged, given, { names, needs }, work);
  expect([reached, failures]).toEqual([1, new Map([['keep_137', expect.any(HaupError)]])]);
});

test('what is wrong with the inventory comes before what is wrong with a host', async () => {
  const { context, log } = reaching(['keep_137']);
  const prepare = async (): Promise<never> => {
    throw new HaupError('INVENTORY_INVALID', 'It makes no sense.');
  };
  const started = withHosts(context, packaged, given, { names, prepare }, async () => expect.unreachable());
  await expect(started).rejects.toMatchObject({ code: 'INVENTORY_INVALID' });
  expect(log).toEqual(['open keep_136', 'close keep_136']);
});

test('status shows the hosts that answer beside one that cannot be reached, and 4 when none can', async () => {
  expect(await status(reaching(['keep_137']).context, '-', given)).toBe(3);
  expect(world.out()).toMatch(/keep_136/);
  expect(world.err()).toMatch(/keep_137: No route to host\./);
  expect(await status(reaching(names).context, '-', given)).toBe(4);
});

test('plan asks and changes nothing', async () => {
  expect(await plan(world.context, '-', { ...given, json: true })).toBe(3);
  expect(JSON.parse(world.out())).toMatchObject({ pending: true, findings: [] });
  expect(world.asked).toEqual([]);
  expect(cluster.acted).toEqual([]);
});

test('history lists what an apply has saved', async () => {
  for (const inventory of [text, text.replace('1.22.1,', '1.22.1, worker_connections: 2048,')]) {
    world[Symbol.dispose]();
    world = fakeWorld(cluster, inventory);
    expect(await apply(world.context, '-', { ...given, yes: true })).toBe(0);
  }
  world[Symbol.dispose]();
  begin();
  expect(await history(world.context, ['keep_137', '-'], { ...given, json: true })).toBe(0);
  expect(JSON.parse(world.out())).toMatchObject({
    hosts: [{ host: 'keep_137', states: [{ number: 1, why: 'haup apply (stdin)', who: 'ana@workstation' }] }],
  });
});

test.each([
  [true, ['keep_137']],
  [false, []],
])('unlock shows the locks, asks, and breaks them if the answer is yes: %j', async (answer, broken) => {
  begin({ answer: () => answer });
  const owner: LockOwner = { who: 'bo@elsewhere', since: '2026-01-01T00:00:00.000Z', why: 'haup apply' };
  const { context } = world;
  const unlocked: string[] = [];
  const reach: Context['reach'] = async (spec, options) => {
    const { host, ...rest } = await context.reach(spec, options);
    const lockOwner = async (): Promise<LockOwner | null> => (host.name === 'keep_137' ? owner : null);
    const breakLock = async (): Promise<void> => void unlocked.push(host.name);
    return { ...rest, host: { ...host, lockOwner, breakLock } };
  };
  expect(await unlock({ ...context, reach }, '-', given)).toBe(0);
  expect(world.out()).toMatch(
    /^keep_137: locked by bo@elsewhere since 2026-01-01T00:00:00.000Z for haup apply$/m,
  );
  expect(world.asked).toEqual(['Break the lock? The command that holds it stops.']);
  expect(unlocked).toEqual(broken);
});
