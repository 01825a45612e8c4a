import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readInventory } from '../fakes/inventory.ts';
import type { Inventory } from '../../src/model/domain.ts';
import { HaupError } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, planFor } from '../fakes/pair.ts';

// After an apply nothing is left to do, whatever the inventory is, and whatever it was before.

const names = ['a', 'b', 'c'];
const orNone = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const members = fc.shuffledSubarray(names, { minLength: 2 });
/** One VRID for each; two inventories hand them about among the same VIPs. */
const vips = fc
  .tuple(
    fc.shuffledSubarray([101, 102, 103], { minLength: 1 }),
    fc.shuffledSubarray([51, 52, 53, 54], { minLength: 3, maxLength: 3 }),
    fc.array(
      fc.record({
        prefix: fc.constantFrom('', '/24'),
        hosts: members,
        numbered: fc.boolean(),
        priorities: orNone(fc.constantFrom([254, 100, 3], [100, 80, 60])),
        advert_int: orNone(fc.integer({ min: 1, max: 3 })),
      }),
      { minLength: 3, maxLength: 3 },
    ),
  )
  .map(([lasts, ids, rest]) =>
    lasts.map((last, at) => {
      const { prefix: length = '', numbered, ...vip } = rest[at] ?? { numbered: false };
      return {
        ...vip,
        address: `10.0.0.${last}${length}`,
        virtual_router_id: numbered ? ids[at] : undefined,
      };
    }),
  );
/** Some are one and the same for both daemons. */
const prefix = orNone(fc.constantFrom('/usr/local', '/opt/ha', '/opt/other'));
const from = fc.constantFrom('source', 'source', 'package');
const site = fc.constantFrom(
  { name: 'default' },
  { name: 'default', listen: [80, 8080] },
  { name: 'default', listen: ['80 default_server'], server_names: ['www.example.org', '_'] },
  { name: 'docs', server_names: ['docs.example.org'], root: '/srv/docs' },
  { name: 'app', server_names: ['app.example.org'], proxy: ['10.0.0.5:8080', '10.0.0.6'] },
  { name: 'own', file: 'own.conf' },
);
const document = fc.record({
  hosts: fc.constant(Object.fromEntries(names.map((name, at) => [name, { address: `10.0.0.${at + 1}` }]))),
  vips,
  vrrp: fc
    .record({
      version: fc.constantFrom(2, 3),
      advert_int: fc.constantFrom(1, 2),
      auth_pass: fc.constantFrom('env:A', undefined),
      profile: fc.constantFrom('default', 'default', 'documented'),
      unicast: fc.boolean(),
      preempt_delay: fc.constantFrom(0, 5),
      garp_master_refresh: fc.constantFrom(0, 60),
      check: fc.record({ enabled: fc.boolean(), interval: fc.integer({ min: 1, max: 3 }) }),
    })
    .map(({ version, auth_pass, profile, ...rest }) => ({
      ...rest,
      version,
      profile,
      ...(version === 2 ? { auth_pass } : {}),
      ...(profile === 'documented' ? { unicast: false, preempt_delay: 0 } : {}),
    })),
  keepalived: fc.record({
    // One: a fake host has a build and a package at the same path, and tells the one's version of the other.
    version: fc.constant('2.2.7'),
    from,
    prefix,
    configure: fc.constantFrom(['--sysconfdir=/etc'], '--sysconfdir=/etc --disable-lvs', []),
    service: fc.constantFrom('systemd', 'systemd', 'systemd', 'systemd', 'sysv'),
  }),
  nginx: fc.record({
    version: fc.constantFrom('1.28.0', '1.22.1'),
    from,
    prefix,
    configure: fc.constantFrom([], "--with-cc-opt='-O2 -g' --with-stream", [
      '--conf-path=/etc/nginx/nginx.conf',
    ]),
    worker_connections: fc.constantFrom(512, 1024),
    sites: fc.uniqueArray(site, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
  }),
  fetch: fc.constantFrom('controller', 'host'),
  firewall: fc.constantFrom('open', 'leave'),
});

function inventoryOf(written: unknown): Inventory | null {
  try {
    return readInventory(JSON.stringify(written), 'inventory.yaml', {
      readText: () => 'server { listen 80; location / { return 204; } }\n',
      resolveSecret: (reference) => new Secret('1111', reference),
    });
  } catch (error) {
    if (error instanceof HaupError && error.code === 'INVENTORY_INVALID') return null;
    throw error;
  }
}

const bare = (): FakeHost[] =>
  names.map((name, at) =>
    fakeHost(
      bareFacts(name, { interfaces: [{ name: 'ens33', up: true, addresses: [`10.0.0.${at + 1}/24`] }] }),
    ),
  );

/** What a host cannot have is refused before anything is changed; the rest is reached in one apply. */
async function converges(inventory: Inventory, hosts: readonly FakeHost[]): Promise<boolean> {
  try {
    await apply(inventory, hosts);
  } catch (error) {
    if (error instanceof Error && hosts.every(({ acted }) => acted.length === 0)) return false;
    throw error;
  }
  const left = planFor(inventory, hosts)
    .tracks.flat()
    .flatMap(({ work }) =>
      work.flatMap(({ host, changes }) => changes.map(({ title, why }) => `${host}: ${title}: ${why}`)),
    );
  expect(left).toEqual([]);
  return true;
}

test('after an apply of any inventory, and of another one after it, nothing is left to do', {
  timeout: 180_000,
}, async () => {
  let [reached, twice] = [0, 0];
  await fc.assert(
    fc.asyncProperty(document, document, async (one, other) => {
      const [first, second] = [inventoryOf(one), inventoryOf(other)];
      const hosts = bare();
      if (first === null || !(await converges(first, hosts))) return;
      reached++;
      const serving = hosts.map((host, at) =>
        fakeHost({
          ...host.facts(),
          interfaces: [
            {
              name: 'ens33',
              up: true,
              addresses: [
                `10.0.0.${at + 1}/24`,
                ...first.vips.flatMap(({ address, members: [{ host: master }] }) =>
                  master === host.name ? [`${address.address}/32`] : [],
                ),
              ],
            },
          ],
        }),
      );
      if (second !== null && (await converges(second, serving))) twice++;
    }),
    { numRuns: 60 },
  );
  expect(reached).toBeGreaterThan(20);
  expect(twice).toBeGreaterThan(15);
});

test('one prefix for both daemons', async () => {
  const inventory = inventoryOf({
    hosts: { a: { address: '10.0.0.1' }, b: { address: '10.0.0.2' } },
    vips: [{ address: '10.0.0.101', hosts: ['a', 'b'] }],
    keepalived: { version: '2.2.7', prefix: '/opt/ha' },
    nginx: { version: '1.28.0', prefix: '/opt/ha' },
  });
  if (inventory === null) throw new Error('not accepted');
  expect(await converges(inventory, bare().slice(0, 2))).toBe(true);
});
