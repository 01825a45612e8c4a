import { expect, test } from 'vitest';
import type { HostView } from '../../src/judge/ability.ts';
import { verifyVips } from '../../src/run/verify.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts } from '../fakes/host.ts';
import { fakeGround } from '../verify/fake-ground.ts';

const inventory = exampleInventory();
const service = {
  load: 'loaded',
  active: 'active',
  enabled: 'enabled',
  unit: '/x',
  needsDaemonReload: false,
  activeSinceMs: 1,
  program: '/x',
};
const view = (host: string, nginx = 'active'): HostView => ({
  facts: bareFacts(host, { services: { keepalived: service, nginx: { ...service, active: nginx } } }),
  http: { address: '192.168.160.136', host, error: null },
});
const verify = async (views: ReadonlyMap<string, HostView>) => {
  const ground = fakeGround(inventory.vips, inventory.vrrp);
  const order = { inventory, vips: inventory.vips, drills: ['stop' as const], views, tag: 't' };
  return { ground, report: await verifyVips(order, ground, new AbortController().signal) };
};

test('the example: both VIPs, one after the other, each from its own holder', async () => {
  const { ground, report } = await verify(
    new Map([
      ['keep_136', view('keep_136')],
      ['keep_137', view('keep_137')],
    ]),
  );
  expect(report.ok).toBe(true);
  expect(
    report.vips.map(({ address, drills }) => [
      address,
      drills.map(({ drill, from, to }) => [drill, from, to]),
    ]),
  ).toEqual([
    ['192.168.160.161', [['stop', 'keep_136', 'keep_137']]],
    ['192.168.160.162', [['stop', 'keep_137', 'keep_136']]],
  ]);
  expect(ground.acted.map(({ host, action }) => `${action.do} ${host}`)).toEqual([
    'break keep_136',
    'restore keep_136',
    'break keep_137',
    'restore keep_137',
  ]);
  expect(ground.now()).toBeLessThan(16_000);
});

test('without a healthy successor nothing is broken, and nothing is verified', async () => {
  const { ground, report } = await verify(
    new Map([
      ['keep_136', view('keep_136')],
      ['keep_137', view('keep_137', 'failed')],
    ]),
  );
  expect(ground.acted).toEqual([]);
  expect(report.ok).toBe(false);
  expect(report.vips[0]?.drills[0]?.reasons).toEqual([
    'not drilled: no other host could take over (keep_137: nginx is failed)',
  ]);
  expect(report.vips[1]?.drills[0]).toMatchObject({ from: 'keep_136', to: null });
});

test('a VIP that a host has which is not watched is none of its business', async () => {
  const [first, second] = inventory.vips;
  if (first === undefined || second === undefined) throw new Error('the example has two VIPs');
  const [, keep136] = second.members;
  const ring = { ...second, members: [{ ...keep136, host: 'keep_138' }, keep136] as const };
  const views = new Map(['keep_136', 'keep_137'].map((host) => [host, view(host)] as const));
  const ground = fakeGround([first], inventory.vrrp);
  const order = {
    inventory: { ...inventory, vips: [first, ring] },
    vips: [first],
    drills: ['stop' as const],
    views,
    tag: 't',
  };
  expect(ground.watch.holders(ring.address.address)).toEqual([]);
  expect(await verifyVips(order, ground, new AbortController().signal)).toMatchObject({ ok: true });
});
