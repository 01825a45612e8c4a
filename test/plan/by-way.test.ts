import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/model/domain.ts';
import type { Stage } from '../../src/model/plan.ts';
import { withRouterIds, writtenInstances } from '../../src/plan/vrrp-text.ts';
import { readInventory } from '../fakes/inventory.ts';
import { Secret } from '../../src/model/secret.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, planFor, run } from '../fakes/pair.ts';

interface Vip {
  readonly last: number;
  readonly id: number;
  readonly hosts: readonly string[];
}
const inventoryOf = (all: readonly string[], vips: readonly Vip[]): Inventory =>
  readInventory(
    JSON.stringify({
      nginx: { version: '1.28.0' },
      hosts: Object.fromEntries(all.map((name, at) => [name, { address: `10.0.0.${at + 1}` }])),
      vips: vips.map(({ last, id, hosts }) => ({
        address: `10.0.0.${last}`,
        virtual_router_id: id,
        hosts,
      })),
    }),
    'inventory.yaml',
    { readText: () => '', resolveSecret: (reference) => new Secret('1', reference) },
  );
/** Hosts that hold the VIPs that are theirs first. */
const serving = (names: readonly string[], vips: readonly Vip[]): FakeHost[] =>
  names.map((name, at) =>
    fakeHost(
      bareFacts(name, {
        interfaces: [
          {
            name: 'e',
            up: true,
            addresses: [
              `10.0.0.${at + 1}/24`,
              ...vips.flatMap(({ last, hosts }) => (hosts[0] === name ? [`10.0.0.${last}/32`] : [])),
            ],
          },
        ],
      }),
    ),
  );
/** Address → VRID in the files that a stage writes. */
const idsWritten = (stage: Stage): Record<string, number>[] =>
  stage.work.flatMap(({ changes }) =>
    changes.flatMap(({ actions }) =>
      actions.flatMap((action) => {
        const file =
          action.do === 'write' ? action.testing.find(({ path }) => path.endsWith('keepalived.conf')) : null;
        const instances = writtenInstances(Buffer.from(file?.bytes ?? []).toString('utf8'));
        return instances.length === 0
          ? []
          : [Object.fromEntries(instances.map((one) => [one.addresses[0] ?? '', one.virtualRouterId]))];
      }),
    ),
  );

const names = ['a', 'b'];
const vip = (last: number, id: number, hosts: readonly string[] = names): Vip => ({ last, id, hosts });

async function changing(from: readonly Vip[], to: readonly Vip[], all = names): Promise<readonly Stage[]> {
  const hosts = serving(all, from);
  await apply(inventoryOf(all, from), hosts);
  const next = inventoryOf(all, to);
  const made = planFor(next, hosts);
  await run(made, hosts);
  expect(planFor(next, hosts).tracks).toEqual([]);
  return made.tracks.flat();
}

describe('VRIDs that VIPs take over from each other', () => {
  test('two that are swapped go by way of free ones, and both VIPs at once', async () => {
    const stages = await changing([vip(101, 51), vip(102, 52)], [vip(101, 52), vip(102, 51)]);
    expect(stages.map(({ title }) => title)).toEqual(['change a and b in turns', 'change a and b in turns']);
    expect(stages.map(idsWritten)).toEqual([
      [
        { '10.0.0.101': 255, '10.0.0.102': 254 },
        { '10.0.0.101': 255, '10.0.0.102': 254 },
      ],
      [
        { '10.0.0.101': 52, '10.0.0.102': 51 },
        { '10.0.0.101': 52, '10.0.0.102': 51 },
      ],
    ]);
    expect(stages.every(({ together }) => together?.expect.startsWith('No outage') === true)).toBe(true);
    expect(stages[0]?.work[0]?.changes[0]?.why).toMatch(/10\.0\.0\.101 has VRID 255 until then/);
    // The state before the whole is kept, and none in between.
    expect(stages.map(({ work }) => work.map(({ keep }) => keep !== undefined))).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  test('in a chain only what is in the way goes first, to where it is to be', async () => {
    const stages = await changing([vip(101, 51), vip(102, 52)], [vip(101, 52), vip(102, 53)]);
    expect(stages.map((stage) => idsWritten(stage)[0])).toEqual([
      { '10.0.0.101': 51, '10.0.0.102': 53 },
      { '10.0.0.101': 52, '10.0.0.102': 53 },
    ]);
  });

  test('that of a VIP that is removed is taken over when the VIP is gone', async () => {
    const stages = await changing([vip(101, 51), vip(102, 52)], [vip(101, 52)]);
    expect(stages.map(({ title }) => title)).toEqual(['change b', 'change a', 'change a and b in turns']);
    expect(stages.map((stage) => idsWritten(stage)[0])).toEqual([
      { '10.0.0.101': 51 },
      { '10.0.0.101': 51 },
      { '10.0.0.101': 52 },
    ]);
  });

  test('a VRID that is free is taken at once', async () => {
    const stages = await changing([vip(101, 51), vip(102, 52)], [vip(101, 61), vip(102, 52)]);
    expect(stages.map(idsWritten)).toHaveLength(1);
  });

  test('clusters that swap theirs are changed as one', async () => {
    const four = ['a', 'b', 'c', 'd'];
    const [ab, cd] = [four.slice(0, 2), four.slice(2)];
    const hosts = serving(four, [vip(101, 51, ab), vip(102, 52, cd)]);
    await apply(inventoryOf(four, [vip(101, 51, ab), vip(102, 52, cd)]), hosts);
    const made = planFor(inventoryOf(four, [vip(101, 52, ab), vip(102, 51, cd)]), hosts);
    expect(made.tracks.map((stages) => stages.map(({ title }) => title))).toEqual([
      ['change a and b and c and d in turns', 'change a and b and c and d in turns'],
    ]);
  });

  const five = [0, 1, 2, 3, 4];
  const some = fc.subarray(five, { minLength: 1 });
  const ids = fc.uniqueArray(fc.integer({ min: 51, max: 56 }), { minLength: 5, maxLength: 5 });
  const vips = (vrids: readonly number[], which: readonly number[]): Vip[] =>
    which.map((at) => vip(101 + at, vrids[at] ?? 0, at % 2 === 0 ? names : [...names].reverse()));

  test('whatever they are exchanged for, no VIP gets one that another VIP has then', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(ids, ids, some, some, async (from, to, had, has) => {
        const stages = await changing(vips(from, had), vips(to, has));
        /** What each host runs with. */
        const running = new Map(
          names.map((name) => [
            name,
            Object.fromEntries(had.map((at) => [`10.0.0.${101 + at}`, from[at] ?? 0])),
          ]),
        );
        for (const stage of stages) {
          const before = [...running.values()].flatMap((one) => Object.entries(one));
          stage.work.forEach(({ host }, at) => {
            const one = idsWritten(stage)[at];
            if (one === undefined) return;
            expect(new Set(Object.values(one)).size).toBe(Object.keys(one).length);
            for (const [address, id] of Object.entries(one)) {
              const was = running.get(host)?.[address];
              if (was === undefined || was === id) continue;
              expect(before.filter(([other, its]) => other !== address && its === id)).toEqual([]);
            }
            running.set(host, one);
          });
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('VRIDs are replaced in the instances that have the addresses, and nowhere else', () => {
  const text = `# virtual_router_id 1
vrrp_instance A {
  virtual_router_id 51
  virtual_ipaddress { 10.0.0.1
  }
}
vrrp_instance B {
  virtual_router_id 52
  virtual_ipaddress { 10.0.0.2
  }
}
`;
  expect(withRouterIds(text, new Map([['10.0.0.2', 9]]))).toBe(text.replace('52', '9'));
  // An instance without one: the next one's is not its own.
  const odd = text.replace('  virtual_router_id 51\n', '');
  expect(withRouterIds(odd, new Map([['10.0.0.1', 9]]))).toBeNull();
});
