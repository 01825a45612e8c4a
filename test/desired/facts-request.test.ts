import { expect, test } from 'vitest';
import { assumedFacts } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import { factsRequest } from '../../src/desired/facts-request.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import type { FactsRequest, HostFacts } from '../../src/model/facts.ts';
import { exampleInventory } from '../fakes/example.ts';

const render = await loadRender();

/** What is asked of every host when it is taken to be like this. */
function askedOf(inventory: ReturnType<typeof exampleInventory>, like: Partial<HostFacts>): FactsRequest[] {
  const facts = new Map([...assumedFacts(inventory)].map(([name, one]) => [name, { ...one, ...like }]));
  return desire(inventory, facts, render).map((desired) => factsRequest(inventory, desired));
}

test.each([
  ['from source', (text: string) => text],
  ['from packages', (text: string) => text.replaceAll('from: source', 'from: package')],
  ['with the firewall left alone', (text: string) => `${text}\nfirewall: leave\n`],
])('what is asked of a host does not depend on what it turns out to be: %s', (_, change) => {
  const inventory = exampleInventory(change);
  const asked = askedOf(inventory, { packageManager: 'apt-get' });
  expect(asked).toHaveLength(inventory.hosts.length);
  for (const packageManager of ['dnf', 'yum'] as const)
    expect(
      askedOf(inventory, { packageManager, libraries: { openssl: '1.1', pcre1: false, pcre2: true } }),
    ).toEqual(asked);
});
