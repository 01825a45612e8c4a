import { desire } from '../../src/desired/desire.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import { clusters } from '../../src/cluster/clusters.ts';
import type { Inventory } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Change, Plan } from '../../src/model/plan.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { execute } from '../../src/run/execute.ts';
import { exampleInventory } from './example.ts';
import { bareFacts, type FakeHost, fakeHost } from './host.ts';
import { quietRun } from './run.ts';

const render = await loadRender();

export const source: Inventory = exampleInventory();
export const packaged: Inventory = exampleInventory((text) =>
  text.replaceAll('from: source', 'from: package'),
);

export const factsOf = (hosts: readonly FakeHost[]): Map<string, HostFacts> =>
  new Map(hosts.map((host) => [host.name, host.facts()]));

export const planFor = (inventory: Inventory, hosts: readonly FakeHost[]): Plan =>
  makePlan(desire(inventory, factsOf(hosts), render), factsOf(hosts), inventory.vips, clusters(inventory), {
    on: 'each',
    cached: new Set(),
  });

/** Executes a plan; the hosts keep their addresses, whatever is drained. */
export const run = (made: Plan, hosts: readonly FakeHost[]): Promise<void> =>
  execute(made, new Map(hosts.map((host) => [host.name, host])), quietRun, new AbortController().signal);

export async function apply(inventory: Inventory, hosts: readonly FakeHost[]): Promise<Plan> {
  const made = planFor(inventory, hosts);
  await run(made, hosts);
  return made;
}

/** A host with both VIPs and one with none, so that one of them is drained. */
export const pair = (): FakeHost[] => [
  fakeHost(
    bareFacts('keep_136', {
      interfaces: [
        {
          name: 'ens33',
          up: true,
          addresses: ['192.168.160.136/24', '192.168.160.161/32', '192.168.160.162/32'],
        },
      ],
    }),
  ),
  fakeHost(bareFacts('keep_137')),
];
export const changesOf = (made: Plan, host: string): readonly Change[] =>
  made.tracks
    .flat()
    .flatMap((stage) => stage.work.flatMap((work) => (work.host === host ? work.changes : [])));
export const ids = (made: Plan, host: string): string[] => changesOf(made, host).map(({ id }) => id);
