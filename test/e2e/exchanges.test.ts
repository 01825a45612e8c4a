// suite: measures, all
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { figure, testLab } from './haup.ts';
import { held } from './holding.ts';
import { measured } from './measured.ts';
import { type Edit, fast, type Load, ownLab, soak } from './own-lab.ts';
import { expectServed } from './probing.ts';

// What VIPs take over from each other: VRIDs, addresses, hosts. Another VIP still has it when the first one changes.
const lab = testLab('exchanges');
const { inventory, apply, well, pending, underLoad } = ownLab(lab);
const hosts = ['keep_136', 'keep_137'];

let base = '';
beforeAll(async () => {
  base = inventory(fast, third);
  await apply(base);
});

// One that failed leaves its own VRIDs behind.
beforeEach(async () => {
  if ((await pending(base)) !== 0) await apply(base);
});

/** Under load: nothing is lost, and no VIP is with nobody at any moment. */
async function withoutLoss(what: string, work: () => Promise<unknown>): Promise<void> {
  const all = ['192.168.160.161', '192.168.160.162', '192.168.160.163'];
  let load: Load | undefined;
  const times = await held(lab, hosts, all, async () => {
    load = await underLoad(what, work);
  });
  const nobody = Object.fromEntries(Object.entries(times).map(([vip, { nobodyMs }]) => [vip, nobodyMs]));
  figure(
    `${what}: with nobody for ${Object.entries(nobody)
      .map(([vip, ms]) => `${vip} ${ms.toFixed(1)} ms`)
      .join(', ')}`,
  );
  if (load === undefined) throw new Error('nothing was measured');
  // Two hand-overs, and in each both VIPs go and come back.
  expectServed(load, 8);
  // The kernels' events are read by a process, which a busy machine lets wait.
  measured(load.stalledMs, () => expect(Math.max(...Object.values(nobody))).toBeLessThan(50));
}

async function thereAndBack(what: string, edit: Edit, made: RegExp): Promise<void> {
  const changed = inventory(fast, third, edit);
  let said = '';
  await withoutLoss(what, async () => {
    said = (await apply(changed)).stdout;
  });
  expect(said).toMatch(made);
  expect(await pending(changed)).toBe(0);
  await withoutLoss(`${what}, rolled back`, () => well(['rollback', changed, '--yes']));
  expect(await pending(base)).toBe(0);
}

const third: Edit = (it) =>
  void it.vips.push({ address: '192.168.160.163', hosts: ['keep_136', 'keep_137'], virtual_router_id: 53 });
const ids =
  (...vrids: readonly number[]): Edit =>
  (it) =>
    it.vips.forEach((vip, at) => (vip['virtual_router_id'] = vrids[at]));
const swap =
  (key: string): Edit =>
  ({ vips: [one, other] }) => {
    if (one !== undefined && other !== undefined) [one[key], other[key]] = [other[key], one[key]];
  };

test('two VIPs swap their VRIDs', async () => {
  await thereAndBack('VRIDs of two VIPs are swapped', ids(52, 51, 53), /by way of VRID/);
});

test('two VIPs swap their addresses', async () => {
  await thereAndBack('addresses of two VIPs are swapped', swap('address'), /by way of VRID/);
});

test('two VIPs swap their hosts', async () => {
  await thereAndBack('hosts of two VIPs are swapped', swap('hosts'), /reload keepalived/);
});

test('a VIP takes over the VRID of one that is removed', async () => {
  const gone: Edit = (it) => {
    it.vips.pop();
    ids(53, 52)(it);
  };
  const changed = inventory(fast, third, gone);
  const two = (work: () => Promise<unknown>) =>
    underLoad('the VRID of a VIP that is removed is taken over', work);
  expectServed(await two(() => apply(changed)), 8);
  expect(await pending(changed)).toBe(0);
  expectServed(await two(() => well(['rollback', changed, '--yes'])), 8);
  expect(await pending(base)).toBe(0);
});

if (soak > 0) {
  test('three VIPs hand their VRIDs round', async () => {
    await thereAndBack('VRIDs of three VIPs are handed round', ids(52, 53, 51), /by way of VRID/);
  });

  test('two VIPs swap their VRIDs, with the adverts and the password of the example', async () => {
    const plain = inventory();
    await apply(plain);
    expectServed(await underLoad('VRIDs are swapped, adverts of 1 s', () => apply(inventory(ids(52, 51)))));
    await apply(base);
  });
}
