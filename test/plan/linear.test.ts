import { expect, test } from 'vitest';
import { clusters } from '../../src/cluster/clusters.ts';
import { desire } from '../../src/desired/desire.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import type { Inventory } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Plan } from '../../src/model/plan.ts';
import { countChanges, makePlan } from '../../src/plan/make-plan.ts';
import { execute } from '../../src/run/execute.ts';
import { fleetFacts, fleetInventory } from '../fakes/fleet.ts';
import { fakeHost } from '../fakes/host.ts';
import { quietRun } from '../fakes/run.ts';

const render = await loadRender();
type Facts = ReadonlyMap<string, HostFacts>;

const planOf = (inventory: Inventory, facts: Facts): Plan =>
  makePlan(desire(inventory, facts, render), facts, inventory.vips, clusters(inventory), {
    on: 'first',
    cached: new Set(),
  });

/** The facts once everything is installed, and the first host of each pair has its VIPs. */
async function installed(inventory: Inventory): Promise<Facts> {
  const bare = fleetFacts(inventory);
  const hosts = new Map([...bare].map(([name, facts]) => [name, fakeHost(facts)]));
  await execute(planOf(inventory, bare), hosts, quietRun, new AbortController().signal);
  return new Map(
    [...hosts].map(([name, host]) => {
      const facts = host.facts();
      const held = inventory.vips.filter(({ members }) => members[0].host === name);
      const addresses = held.map(({ address }) => `${address.address}/32`);
      const [link] = facts.interfaces;
      return [
        name,
        link === undefined
          ? facts
          : { ...facts, interfaces: [{ ...link, addresses: [...link.addresses, ...addresses] }] },
      ];
    }),
  );
}

/** How often something of a host, a VIP or a fact is looked at. */
function looks(
  inventory: Inventory,
  facts: Facts,
  work: (inventory: Inventory, facts: Facts) => void,
): number {
  let count = 0;
  const counted = <T>(value: T): T =>
    typeof value !== 'object' || value === null
      ? value
      : new Proxy(value, {
          get: (target, key) => {
            const found: unknown = Reflect.get(target, key);
            if (typeof found === 'function') return found;
            count++;
            const fixed = Object.getOwnPropertyDescriptor(target, key)?.configurable === false;
            return fixed ? found : counted(found);
          },
        });
  work(
    { ...inventory, hosts: counted(inventory.hosts), vips: counted(inventory.vips) },
    new Map([...facts].map(([name, one]) => [name, counted(one)])),
  );
  return count;
}

test.each([
  ['of bare hosts', async (inventory: Inventory) => fleetFacts(inventory), (one: Inventory) => one],
  ['of hosts that need nothing', installed, (one: Inventory) => one],
  [
    'of hosts that serve and change',
    installed,
    (one: Inventory) => ({ ...one, vrrp: { ...one.vrrp, garpMasterRefresh: 30 } }),
  ],
])('twice the hosts and VIPs take twice the looks: the plan %s', async (_, factsOf, changed) => {
  const looksFor = async (size: number): Promise<number> => {
    const inventory = fleetInventory(size);
    return looks(changed(inventory), await factsOf(inventory), planOf);
  };
  const [few, many] = [await looksFor(20), await looksFor(40)];
  expect(few).toBeGreaterThan(20);
  expect(many).toBeLessThanOrEqual(2.05 * few);
});

test('a gate names the VIPs of its own cluster, whatever the others need', async () => {
  const inventory = fleetInventory(8);
  const facts = new Map(await installed(inventory));
  const first = facts.get('host_0');
  if (first !== undefined) facts.set('host_0', { ...first, unread: ['keepalived'] });
  const made = planOf(inventory, facts);
  expect(countChanges(made)).toEqual({ changes: 1, hosts: 1 });
  const own = inventory.vips.slice(0, 2).map(({ address }) => address.address);
  expect(made.tracks.flat().map(({ addresses }) => addresses)).toEqual([own]);
});
