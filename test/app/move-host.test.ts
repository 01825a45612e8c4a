/** failover and failback, from the inventory to the report, on hosts in memory. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../src/app/command-context.ts';
import { apply } from '../../src/app/apply.ts';
import { moveHost } from '../../src/app/move-host.ts';
import { failover } from '../../src/cli/failover-command.ts';
import { type FakeCluster, fakeCluster } from '../fakes/cluster.ts';
import { type FakeOperator, type FakeWorld, fakeWorld, given } from '../fakes/context.ts';
import { fakeEnvironment } from '../fakes/drill-environment.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { packaged } from '../fakes/pair.ts';

const text = `hosts:
  keep_136: { address: 192.168.160.136, interface: ens33 }
  keep_137: { address: 192.168.160.137, interface: ens33 }
vips:
  - { address: 192.168.160.161, hosts: [keep_136, keep_137], virtual_router_id: 51 }
  - { address: 192.168.160.162, hosts: [keep_137, keep_136], virtual_router_id: 52 }
keepalived: { version: 2.2.7, from: package }
nginx: { version: 1.22.1, from: package }
`;
const yes = { ...given, yes: true };
const drain = { host: 'keep_136', mode: 'drain', force: false, graceSeconds: 60 } as const;
const never = new AbortController().signal;

let members: readonly [FakeHost, FakeHost];
let cluster: FakeCluster;
let before: number;
const worlds: FakeWorld[] = [];
beforeEach(async () => {
  const addresses = ['192.168.160.137/24'];
  members = [
    fakeHost(bareFacts('keep_136')),
    fakeHost(bareFacts('keep_137', { interfaces: [{ name: 'ens33', up: true, addresses }] })),
  ];
  cluster = fakeCluster(packaged, members);
  expect(await apply(world().context, '-', yes)).toBe(0);
  before = cluster.acted.length;
});
afterEach(() => {
  for (const one of worlds.splice(0)) one[Symbol.dispose]();
});

/** Its VIPs move by VRRP's arithmetic; what is done to its hosts is done to those of the cluster. */
const openEnvironment: Context['openEnvironment'] = async ({ vips, vrrp }, _hosts, emit) => {
  const environment = fakeEnvironment(vips, vrrp);
  return {
    ...environment,
    say: (said) => emit({ type: 'said', text: said }),
    act: async (name, action) => {
      await cluster.hosts.get(name)?.act(action, never);
      return environment.act(name, action);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
};
function world(operator: FakeOperator = {}, more = ''): FakeWorld {
  const made = fakeWorld(cluster, text + more, operator, openEnvironment);
  worlds.push(made);
  return made;
}
const acted = (): readonly string[] => cluster.acted.slice(before);

test('asks before it locks, and moves under the lock', async () => {
  const order: string[] = [];
  cluster.onLock = (host) => order.push(`lock ${host}`);
  cluster.onAct = (host, { do: what }) => order.push(`${what} ${host}`);
  const { context, asked, err } = world({ answer: () => order.push('ask') > 0 });
  const moved = await moveHost(context, drain, '-', given);
  expect(moved?.report).toMatchObject({
    ok: true,
    after: [{ holders: ['keep_137'] }, { holders: ['keep_137'] }],
  });
  expect(order).toEqual([
    'ask',
    'lock keep_136',
    'lock keep_137',
    'grace-forward keep_137',
    'grace-answer keep_136',
    'drain keep_136',
    'grace-end keep_137',
    'grace-end keep_136',
  ]);
  expect(asked).toEqual(['Drain keep_136 (192.168.160.161 to keep_137)?']);
  expect(err()).toMatch(/VIP +HOLDER/);
});

test('changes nothing and locks nothing when the answer is no', async () => {
  cluster.onLock = () => expect.unreachable();
  const { context, err } = world({ answer: () => false });
  expect(await moveHost(context, drain, '-', given)).toBeNull();
  expect(err()).toMatch(/Nothing was changed\.\n$/);
  expect(acted()).toEqual([]);
});

describe('the backup goes while the question is asked', () => {
  const stopBackup = (): boolean => {
    void members[1].act({ do: 'service', service: 'nginx', verb: 'stop' }, never);
    return true;
  };

  test('what was agreed to is not done', async () => {
    const { context } = world({ answer: stopBackup });
    await expect(moveHost(context, drain, '-', given)).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: 'The hosts have changed since the question was asked.',
    });
    expect(acted()).toEqual([]);
  });

  test('--yes decides by what is seen under the lock', async () => {
    cluster.onLock = stopBackup;
    await expect(moveHost(world().context, drain, '-', yes)).rejects.toMatchObject({
      code: 'FAILOVER_REFUSED',
    });
    expect(acted()).toEqual([]);
  });
});

test('a host that is out of service already needs neither a question nor a lock', async () => {
  await members[0].act({ do: 'drain' }, never);
  cluster.onLock = () => expect.unreachable();
  const away: Context['openEnvironment'] = async (...args) => ({
    ...(await openEnvironment(...args)),
    watch: {
      holders: () => ['keep_137'],
      events: () => [],
      localMs: (_: string, hostMs: number) => hostMs,
      leave: () => undefined,
      rejoin: async () => undefined,
      clockErrorMs: () => 0,
      [Symbol.asyncDispose]: async () => undefined,
    },
  });
  const { context, asked, out } = world();
  expect(await failover({ ...context, openEnvironment: away }, 'keep_136', '-', given)).toBe(0);
  expect(asked).toEqual([]);
  expect(out()).toBe('Nothing to do: keep_136 is already drained and holds no VIP.\n');
});

test('a drill that was cut off is ended by the lock, and then decided about', async () => {
  await members[0].act({ do: 'break', fault: { kind: 'stop' }, deadMan: { unit: 'x', seconds: 60 } }, never);
  const moved = await moveHost(world().context, { ...drain, mode: 'stop' }, '-', yes);
  expect(acted()).toEqual(['keep_136 end-drill', 'keep_136 stop keepalived']);
  expect(moved?.report.ok).toBe(true);
  expect(moved?.findings).toMatchObject([{ check: 'drained', host: 'keep_136' }]);
});

test('an after-hook that failed is reported', async () => {
  const { context, err } = world({}, 'hooks: { after_failover: "exit 3" }\n');
  expect(await failover(context, 'keep_136', '-', yes)).toBe(3);
  expect(err()).toMatch(/warn: keep_136: the hook after_failover failed with exit status 3\n$/);
});

test('each look is one round trip', async () => {
  const first = cluster.read.length;
  await moveHost(world().context, drain, '-', yes);
  expect(cluster.read.slice(first).toSorted()).toEqual(
    ['keep_136', 'keep_137'].flatMap((host) => [
      `${host} facts`,
      `${host} facts`,
      `${host} nginx`,
      `${host} nginx`,
    ]),
  );
});
