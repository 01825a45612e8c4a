import { assumedFacts } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import type { FileWant, Resource } from '../../src/model/desired.ts';
import type { HostName, Inventory } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { HaupError } from '../../src/model/errors.ts';
import { read } from '../inventory/reading.ts';

export const render = await loadRender();

/** Two hosts and one VIP; `more` is what follows. */
export const pair = (more = ''): Inventory =>
  read(`hosts:
  keep_136: { address: 192.168.160.136, interface: ens33 }
  keep_137: { address: 192.168.160.137, interface: ens33 }
vips: [{ address: 192.168.160.161, hosts: [keep_136, keep_137] }]
${more}`);

/** The assumed facts of every host, with something else in place. */
export const factsWith = (
  inventory: Inventory,
  change: Partial<HostFacts>,
): ReadonlyMap<HostName, HostFacts> =>
  new Map([...assumedFacts(inventory)].map(([name, facts]) => [name, { ...facts, ...change }]));

/** The resources of the first host. */
export function resourcesOf(inventory: Inventory, change: Partial<HostFacts> = {}): readonly Resource[] {
  const [first] = factsWith(inventory, change);
  return desire(inventory, new Map(first && [first]), render)[0]?.resources ?? [];
}

/** The error that refuses; fails when nothing is refused. */
export function refusal(run: () => unknown): HaupError {
  try {
    run();
  } catch (error) {
    if (error instanceof HaupError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** Every file that the resources want, in their order. */
export const filesOf = (resources: readonly Resource[]): readonly FileWant[] =>
  resources.flatMap((one) => (one.kind === 'config' ? one.set.files : one.kind === 'unit' ? [one.file] : []));

/** Host → path → text. */
export function treeOf(
  inventory: Inventory,
  facts = assumedFacts(inventory),
): Record<HostName, Record<string, string>> {
  return Object.fromEntries(
    desire(inventory, facts, render).map(({ host, resources }) => [
      host,
      Object.fromEntries(
        filesOf(resources).map(({ path, bytes }) => [path, Buffer.from(bytes).toString('utf8')]),
      ),
    ]),
  );
}

/** The keepalived.conf of one host. */
export const keepalivedConf = (
  inventory: Inventory,
  host = 'keep_136',
  facts = assumedFacts(inventory),
): string => treeOf(inventory, facts)[host]?.['/etc/keepalived/keepalived.conf'] ?? '';
