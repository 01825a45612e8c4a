import { expect, test } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import { assumedFacts } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import { factsRequest } from '../../src/desired/facts-request.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import type { FactsRequest, HostFacts } from '../../src/model/facts.ts';
import { exampleInventory } from '../fakes/example.ts';

const render = await loadRender();

/** What is asked of every host when it is taken to be like this; which contents are known differs with packages. */
function askedOf(
  inventory: ReturnType<typeof exampleInventory>,
  like: Partial<HostFacts>,
): readonly Omit<FactsRequest, 'known'>[] {
  const facts = new Map([...assumedFacts(inventory)].map(([name, one]) => [name, { ...one, ...like }]));
  return desire(inventory, facts, render).map((desired) => {
    const { known: _, ...asked } = factsRequest(inventory, desired);
    return asked;
  });
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

test.each([
  ['a password', (text: string) => text, false],
  ['none', (text: string) => text.replace(/^ *auth_pass:.*\n/m, ''), true],
])('contents of files are known beforehand, but where they have a secret: %s', (_, change, has) => {
  const inventory = exampleInventory(change);
  for (const desired of desire(inventory, assumedFacts(inventory), render)) {
    const known = [...(factsRequest(inventory, desired).known ?? [])];
    for (const [digest, bytes] of known) expect(sha256(bytes)).toBe(digest);
    const texts = known.map(([, bytes]) => Buffer.from(bytes).toString('utf8'));
    expect(texts.some((text) => text.includes('worker_connections'))).toBe(true);
    expect(texts.some((text) => text.includes('vrrp_instance'))).toBe(has);
  }
});
