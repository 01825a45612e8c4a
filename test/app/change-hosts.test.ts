/** Commands that change hosts, from the inventory to the report, on hosts in memory. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../src/app/apply.ts';
import type { Context } from '../../src/app/command-context.ts';
import { controlService } from '../../src/app/control-service.ts';
import { rollback } from '../../src/app/rollback.ts';
import { uninstall } from '../../src/app/uninstall.ts';
import { HaupError } from '../../src/model/errors.ts';
import { type FakeCluster, fakeCluster } from '../fakes/cluster.ts';
import { type FakeOperator, type FakeWorld, fakeWorld, given } from '../fakes/context.ts';
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
const changed = text.replace('version: 1.22.1', 'worker_connections: 2048, version: 1.22.1');
const failingHook = 'hooks: { after_apply: "echo no; exit 3" }\n';
const yes = { ...given, yes: true };

let members: readonly [FakeHost, FakeHost];
let cluster: FakeCluster;
const worlds: FakeWorld[] = [];
beforeEach(() => {
  const addresses = ['192.168.160.137/24'];
  members = [
    fakeHost(bareFacts('keep_136')),
    fakeHost(bareFacts('keep_137', { interfaces: [{ name: 'ens33', up: true, addresses }] })),
  ];
  cluster = fakeCluster(packaged, members);
});
afterEach(() => {
  for (const one of worlds.splice(0)) one[Symbol.dispose]();
});
function world(inventory: string, operator: FakeOperator = {}): FakeWorld {
  const made = fakeWorld(cluster, inventory, operator);
  worlds.push(made);
  return made;
}

interface Command {
  readonly name: string;
  /** What is done to bare hosts before. */
  readonly first: readonly string[];
  readonly inventory: string;
  readonly run: (
    context: Context,
    options: typeof given & { yes?: boolean; json?: boolean },
  ) => Promise<number>;
  readonly question: RegExp;
  readonly firstAction: string;
}

const commands: readonly Command[] = [
  {
    name: 'apply',
    first: [],
    inventory: text,
    run: (context, options) => apply(context, '-', options),
    question: /^Make \d+ changes on 2 hosts\?$/,
    firstAction: 'keep_136 install',
  },
  {
    name: 'rollback',
    first: [text, changed],
    inventory: text,
    run: (context, options) => rollback(context, { host: null, number: null }, '-', options),
    question: /^Make \d+ changes on 2 hosts\?$/,
    firstAction: 'keep_136 keep-state',
  },
  {
    name: 'uninstall',
    first: [text],
    inventory: text,
    run: (context, options) => uninstall(context, '-', options),
    question: /^Remove keepalived, nginx and everything else haup installed from these 2 hosts\?$/,
    firstAction: 'keep_137 grace-forward',
  },
  {
    name: 'service stop',
    first: [text],
    inventory: text,
    run: (context, options) => controlService(context, { verb: 'stop', service: 'nginx' }, '-', options),
    question: /^stop nginx on keep_136, keep_137\?$/,
    firstAction: 'keep_137 grace-forward',
  },
];

describe.each(commands)('haup $name', ({ first, inventory, run, question, firstAction }) => {
  let before: number;
  beforeEach(async () => {
    for (const one of first) expect(await apply(world(one).context, '-', yes)).toBe(0);
    before = cluster.acted.length;
  });
  const acted = (): readonly string[] => cluster.acted.slice(before);

  test('asks, and changes nothing when the answer is no', async () => {
    const { context, asked, err } = world(inventory, { answer: () => false });
    expect(await run(context, given)).toBe(0);
    expect(asked).toEqual([expect.stringMatching(question)]);
    expect(err()).toMatch(/Nothing was changed\.\n$/);
    expect(acted()).toEqual([]);
  });

  test('locks after the question, not before', async () => {
    const order: string[] = [];
    cluster.onLock = (host) => order.push(`lock ${host}`);
    cluster.onAct = () => order.push('act');
    const { context } = world(inventory, { answer: () => order.push('ask') > 0 });
    expect(await run(context, given)).toBe(0);
    expect(order.slice(0, 4)).toEqual(['ask', 'lock keep_136', 'lock keep_137', 'act']);
    expect(acted()[0]).toBe(firstAction);
  });

  test('notices that a host was changed while the question was asked', async () => {
    const answer = (): boolean => {
      void members[1].act({ do: 'create-user', name: 'bo' }, new AbortController().signal);
      return true;
    };
    const { context } = world(inventory, { answer });
    await expect(run(context, given)).rejects.toMatchObject({
      code: 'PLAN_STALE',
      host: 'keep_137',
      detail: ['user bo has appeared'],
    });
    expect(acted()).toEqual([]);
  });

  test('reports an after-hook that failed', async () => {
    const words = world(inventory + failingHook);
    expect(await run(words.context, yes)).toBe(3);
    expect(words.out()).toMatch(/the hook after_apply failed with exit status 3/);
  });

  test('reports an after-hook that failed, as JSON', async () => {
    const data = world(inventory + failingHook);
    expect(await run(data.context, { ...yes, json: true })).toBe(3);
    const findings = data
      .events()
      .flatMap((event) => [event['finding'], ...((event['findings'] ?? []) as object[])]);
    expect(findings).toContainEqual({
      check: 'hooks',
      level: 'warn',
      message: 'the hook after_apply failed with exit status 3',
    });
  });

  test('goes no further when its lock is taken away', async () => {
    const signal = { code: 'LOCKED', message: 'bo@elsewhere took the lock away' };
    cluster.onAct = () => cluster.breakLock();
    await expect(run(world(inventory).context, yes)).rejects.toMatchObject(signal);
    // Hosts that were told at once.
    expect(new Set(acted().map((one) => one.split(' ')[0])).size).toBe(acted().length);
  });
});

describe('without a question, a host that has changed meanwhile is decided about again', () => {
  const change = (): void => {
    cluster.onLock = () => undefined;
    void members[1].act({ do: 'create-user', name: 'keepalived_script' }, new AbortController().signal);
  };

  test('haup apply --yes', async () => {
    cluster.onLock = change;
    const { context, err, events } = world(text);
    expect(await apply(context, '-', { ...yes, json: true })).toBe(0);
    expect(err()).toContain('The hosts have changed since the plan was made: it is made again.\n');
    expect(events().filter(({ type }) => type === 'plan')).toHaveLength(2);
    expect(cluster.acted.filter((one) => one.endsWith('create-user'))).toEqual(['keep_136 create-user']);
  });

  test('but a rollback goes back from what was shown, or not at all', async () => {
    for (const one of [text, changed]) await apply(world(one).context, '-', yes);
    const before = cluster.acted.length;
    cluster.onLock = () =>
      void members[0].act({ do: 'create-user', name: 'bo' }, new AbortController().signal);
    const { context } = world(text);
    const wish = { host: null, number: null };
    await expect(rollback(context, wish, '-', yes)).rejects.toMatchObject({ code: 'PLAN_STALE' });
    expect(cluster.acted.slice(before)).toEqual([]);
  });
});

test('a plan takes one round trip to each host, an apply one more under the lock and one for the outcome', async () => {
  const dry = world(text);
  expect(await apply(dry.context, '-', { ...given, dryRun: true })).toBe(3);
  const wire = (reads: readonly string[]): readonly string[] => reads.filter((one) => one.endsWith(' facts'));
  expect(wire(cluster.read)).toEqual(['keep_136 facts', 'keep_137 facts']);
  expect(await apply(world(text).context, '-', yes)).toBe(0);
  expect(wire(cluster.read)).toHaveLength(2 + 2 * 3);
  const settled = cluster.read.length;
  expect(await apply(world(text).context, '-', yes)).toBe(0);
  expect(cluster.read.slice(settled)).toEqual(['keep_136 facts', 'keep_137 facts']);
});

test('a rollback brings back the files of the state before the last change', async () => {
  const conf = (host: FakeHost): unknown => host.facts().files['/etc/nginx/nginx.conf'];
  expect(await apply(world(text).context, '-', yes)).toBe(0);
  const then = members.map(conf);
  expect(await apply(world(changed).context, '-', yes)).toBe(0);
  expect(members.map(conf)).not.toEqual(then);
  const { context, err } = world(changed);
  expect(await rollback(context, { host: null, number: null }, '-', given)).toBe(0);
  expect(members.map(conf)).toEqual(then);
  expect(err()).toMatch(/^keep_136 to state \d+, as before haup apply/m);
});

test('an uninstall of one host asks the others of its cluster for nothing but to take over', async () => {
  expect(await apply(world(text).context, '-', yes)).toBe(0);
  const before = cluster.acted.length;
  const { context, out } = world(text);
  expect(await uninstall(context, '-', { ...yes, limit: 'keep_137' })).toBe(0);
  expect(cluster.acted.slice(before).every((one) => /^keep_137 |^keep_136 grace-/.test(one))).toBe(true);
  expect(cluster.holders('192.168.160.162')).toEqual(['keep_136']);
  expect(out()).toMatch(/haup is gone from keep_137\.\n$/);
});

describe('an apply of one host alone, which is drained', () => {
  beforeEach(async () => {
    expect(await apply(world(text).context, '-', yes)).toBe(0);
    const { services, ...facts } = members[0].facts();
    const nginx = { ...services.nginx, program: '/usr/sbin/nginx (deleted)' };
    members = [fakeHost({ ...facts, services: { ...services, nginx } }), fakeHost(members[1].facts())];
    cluster = fakeCluster(packaged, members);
  });

  test('keeps its connections through the members that it leaves out', async () => {
    const { context, out } = world(text);
    expect(await apply(context, '-', { ...given, limit: 'keep_136' })).toBe(0);
    expect(out()).toMatch(/keep_137 is not changed, but passes on the open connections to a VIP\s+that/);
    expect(cluster.acted.filter((one) => one.startsWith('keep_137 '))).toEqual([
      'keep_137 grace-forward',
      'keep_137 grace-end',
      'keep_137 grace-answer',
      'keep_137 grace-end',
    ]);
  });

  test('says where they cannot, and moves the VIP as before', async () => {
    members[1].failOn('grace-forward', new HaupError('COMMAND_FAILED', 'There is no nft.'));
    const { context, err } = world(text);
    expect(await apply(context, '-', { ...yes, limit: 'keep_136' })).toBe(0);
    expect(err()).toMatch(/192\.168\.160\.161: open connections cannot be kept \(keep_137: There is no nft/);
  });
});
