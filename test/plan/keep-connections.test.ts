import { describe, expect, test } from 'vitest';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Change, Plan } from '../../src/model/plan.ts';
import { drainWhy, undrain } from '../../src/plan/host-drain.ts';
import { directionOf, keepConnections } from '../../src/plan/keep-connections.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts } from '../fakes/host.ts';
import { restartNginx } from '../fakes/restart-nginx.ts';

const { vips } = exampleInventory();
const [one, two] = ['192.168.160.161', '192.168.160.162'];
const turn = [drainWhy('', [one, two]), restartNginx, undrain];

const planOf = (...turns: readonly (readonly [host: string, changes: readonly Change[]])[]): Plan => ({
  tracks: [turns.map(([host, changes]) => ({ title: host, work: [{ host, changes }], gate: [] }))],
  same: [],
  want: [],
});
const facts = (
  host: string,
  held: readonly string[],
  nft: HostFacts['nft'] = 'present',
): [string, HostFacts] => [
  host,
  bareFacts(host, {
    nft,
    interfaces: [{ name: 'ens33', up: true, addresses: held.map((vip) => `${vip}/32`) }],
  }),
];
const mutual = new Map([facts('keep_136', [one]), facts('keep_137', [two])]);

describe('a plan that drains hosts', () => {
  test('waits at each move, one host after the other', () => {
    const plan = keepConnections(planOf(['keep_136', turn], ['keep_137', turn]), 60, mutual, vips);
    expect(plan.grace).toEqual({ seconds: 60, moves: 4, unable: [], beside: [] });
  });

  test('a standby has nothing to move', () => {
    const have = new Map([facts('keep_136', []), facts('keep_137', [one])]);
    const only = vips.map((vip) => ({ ...vip, members: vips[1]?.members ?? vip.members }));
    expect(keepConnections(planOf(['keep_136', turn]), 60, have, only).grace).toMatchObject({ moves: 0 });
  });

  test('names hosts without nft, unless the plan installs it', () => {
    const have = new Map([facts('keep_136', [one]), facts('keep_137', [two], 'absent')]);
    const plan = planOf(['keep_136', turn]);
    expect(keepConnections(plan, 60, have, vips).grace).toMatchObject({
      unable: [{ host: 'keep_137', why: 'it has no nft' }],
    });
    const install: Change = {
      ...restartNginx,
      actions: [{ do: 'install', manager: 'apt-get', names: ['nftables'] }],
    };
    const installs = planOf(['keep_137', [install]], ['keep_136', turn]);
    expect(keepConnections(installs, 60, have, vips).grace).toMatchObject({ unable: [] });
    const old = new Map([facts('keep_136', [one]), facts('keep_137', [two], 'old-kernel')]);
    expect(keepConnections(installs, 60, old, vips).grace).toMatchObject({
      unable: [{ host: 'keep_137', why: 'its kernel is older than 4.18' }],
    });
  });
});

test('a plan of one host alone names its peer, which takes the connections', () => {
  const have = new Map([facts('keep_136', [one])]);
  expect(keepConnections(planOf(['keep_136', turn]), 60, have, vips).grace).toMatchObject({
    moves: 2,
    unable: [],
    beside: ['keep_137'],
  });
});

test('a plan waits where it restarts a daemon on a host that a cut-off failover has left with connections', () => {
  const left = { vip: one, part: 'answer', connections: 3, leftSeconds: 50 } as const;
  const [name, drained] = facts('keep_136', []);
  const have = new Map([[name, { ...drained, drain: -253, graces: [left] }], facts('keep_137', [one, two])]);
  const plan = planOf(['keep_136', [restartNginx]]);
  expect(keepConnections(plan, 60, have, vips).grace).toEqual({
    seconds: 60,
    moves: 1,
    unable: [],
    beside: [],
  });
  expect(keepConnections(planOf(['keep_137', [restartNginx]]), 60, have, vips).grace).toBeUndefined();
  expect(keepConnections(plan, 0, have, vips).grace).toBeUndefined();
});

test('a plan that moves no VIP, or keeps nothing, stays as it is', () => {
  const still = planOf(['keep_136', [restartNginx]]);
  expect(keepConnections(still, 60, mutual, vips)).toBe(still);
  const moving = planOf(['keep_136', turn]);
  expect(keepConnections(moving, 0, mutual, vips)).toBe(moving);
});

test('a host whose daemons do not run takes no VIP back when its drain ends', () => {
  expect(directionOf(drainWhy('', []))).toBe('away');
  expect(directionOf(undrain)).toBe('back');
  expect(directionOf({ ...undrain, after: [] })).toBe(null);
  expect(directionOf(restartNginx)).toBe(null);
});
