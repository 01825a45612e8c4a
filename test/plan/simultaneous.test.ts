import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clusters } from '../../src/cluster/clusters.ts';
import { desire } from '../../src/desired/desire.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import type { Inventory, Vip } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Stage } from '../../src/model/plan.ts';
import { goingFirst } from '../../src/plan/hand-over.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { disagreement } from '../../src/plan/simultaneous.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, factsOf, pair, planFor, run, source } from '../fakes/pair.ts';

const replaced =
  (from: string | RegExp, to: string) =>
  (text: string): string => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`nothing to replace: ${from}`);
    return changed;
  };
/** Version 3 has no password. */
const versionThree = (text: string): string =>
  replaced(/^ {2}auth_pass.*\n/m, '')(replaced('  # version: 2 ', '  version: 3 ')(text));

/** The stages of a change of a pair that serves. */
async function changing(
  to: (text: string) => string,
  before: Inventory = source,
): Promise<{ stages: readonly Stage[]; hosts: FakeHost[] }> {
  const hosts = pair();
  await apply(before, hosts);
  return { stages: planFor(exampleInventory(to), hosts).tracks.flat(), hosts };
}
const rounds = (stage: Stage | undefined, host: string): string[] =>
  stage?.work.flatMap((work) =>
    work.host === host
      ? work.changes.map(({ round, id, actions }) => `${round ?? 0} ${id} ${actions.map((a) => a.do).join()}`)
      : [],
  ) ?? [];

describe('at the same moment, since nobody moves', () => {
  test.each([
    ['a password', replaced('HAUP_AUTH_PASS:-1111', 'OTHER:-1111'), null],
    [
      'no password',
      replaced(/^ {2}auth_pass.*\n/m, ''),
      /192\.168\.160\.161 and 192\.168\.160\.162: no password/,
    ],
    ['another version', versionThree, /VRRP version 2 → 3/],
    ['another interval', replaced('  # advert_int: 1 ', '  advert_int: 2 '), /advert_int 1 → 2 s/],
  ] as const)('%s', async (_name, to, why) => {
    const { stages } = await changing(to);
    // The fake resolves every reference to the same secret.
    if (why === null) return expect(stages).toEqual([]);
    expect(stages.map(({ title }) => title)).toEqual(['change keep_136 and keep_137 at the same moment']);
    expect(stages[0]?.together?.why.join()).toMatch(why);
    expect(stages[0]?.together?.expect).toMatch(/^No request is lost and no VIP moves/);
    for (const host of ['keep_136', 'keep_137']) {
      expect(rounds(stages[0], host)).toEqual([
        '0 config:keepalived write',
        '1 entrust:keepalived entrust',
        '2 together:keepalived reload-together',
      ]);
    }
  });

  test('a host that has it already is waited for by nobody', async () => {
    const hosts = pair();
    const next = exampleInventory(replaced('  # advert_int: 1 ', '  advert_int: 2 '));
    await apply(source, hosts);
    const only = { ...planFor(next, hosts) };
    const track = only.tracks.map((stages) =>
      stages.map((stage) => ({ ...stage, work: stage.work.filter(({ host }) => host === 'keep_136') })),
    );
    await run({ ...only, tracks: track }, hosts);
    const left = planFor(next, hosts).tracks.flat();
    expect(left.map(({ title }) => title)).toEqual(['change keep_137']);
    expect(left[0]?.together).toBeUndefined();
  });
});

describe('one after the other, since keepalived would drop the VIP', () => {
  test.each([
    ['another VRID', replaced('virtual_router_id: 51', 'virtual_router_id: 61'), /virtual_router_id 51 → 61/],
    ['unicast', replaced('  # unicast: false', '  unicast: true'), /multicast → unicast/],
  ])('%s: the host that holds nothing takes over while the other still has it', async (_name, to, why) => {
    const { stages } = await changing(to);
    expect(stages.map(({ title }) => title)).toEqual(['change keep_136 and keep_137 in turns']);
    expect(stages[0]?.together?.why.join()).toMatch(why);
    expect(stages[0]?.together?.expect).toMatch(/^No outage: keep_137 takes .* while keep_136 still/);
    expect(rounds(stages[0], 'keep_137')).toEqual([
      '0 config:keepalived write',
      '2 entrust:keepalived entrust',
      '3 together:keepalived service',
      '4 announce announce,withdraw',
    ]);
    expect(rounds(stages[0], 'keep_136')).toEqual([
      '0 config:keepalived write',
      '2 entrust:keepalived entrust',
      '4 together:keepalived reload-together',
    ]);
    const taken = stages[0]?.work
      .flatMap(({ changes }) => changes)
      .find(({ after }) => after?.includes('overlapping'));
    expect(taken?.addresses).toContain('192.168.160.161');
    // Were haup cut off, the host that holds the VIP would wait until the other has had the time to take it:
    // three adverts of 1 s, the skew of priority 1, and half a second.
    const entrusted = ['keep_137', 'keep_136'].map((host) =>
      stages[0]?.work
        .filter((work) => work.host === host)
        .flatMap(({ changes }) => changes)
        .flatMap(({ actions }) => actions)
        .find((action) => action.do === 'entrust'),
    );
    expect(entrusted).toEqual([
      {
        do: 'entrust',
        service: 'keepalived',
        afterMs: 0,
        // When the other gives the VIP up, for six tenths of the three adverts before that can have it again.
        announce: {
          addresses: taken?.addresses ?? [],
          afterMs: 3000 + (255 / 256) * 1000 + 500,
          forMs: 1800,
        },
      },
      { do: 'entrust', service: 'keepalived', afterMs: 3000 + (255 / 256) * 1000 + 500 },
    ]);
  });

  test('in mutual backup the one that goes first is drained before and undrained after', async () => {
    const hosts = pair().map((host, index) =>
      fakeHost({
        ...host.facts(),
        interfaces: [
          {
            name: 'ens33',
            up: true,
            addresses: [`192.168.160.13${index + 6}/24`, `192.168.160.16${index + 1}/32`],
          },
        ],
      }),
    );
    await apply(source, hosts);
    const stages = planFor(
      exampleInventory(replaced('  # unicast: false', '  unicast: true')),
      hosts,
    ).tracks.flat();
    expect(rounds(stages[0], 'keep_136')).toEqual([
      '0 config:keepalived write',
      '1 drain drain',
      '2 entrust:keepalived entrust',
      '3 together:keepalived service',
      '4 announce announce,withdraw',
      '5 undrain undrain',
    ]);
    expect(rounds(stages[0], 'keep_137')).toEqual([
      '0 config:keepalived write',
      '2 entrust:keepalived entrust',
      '4 together:keepalived reload-together',
    ]);
  });

  test('without a drain that is looked at, all at once, and for how long nobody has it is said', async () => {
    const plainly = exampleInventory(replaced('  # profile: default', '  profile: documented'));
    const { hosts } = await changing((text) => text, plainly);
    const both = hosts.map((host, index) =>
      fakeHost({
        ...host.facts(),
        interfaces: [
          {
            name: 'ens33',
            up: true,
            addresses: [`192.168.160.13${index + 6}/24`, `192.168.160.16${index + 1}/32`],
          },
        ],
      }),
    );
    const next = exampleInventory((text) =>
      replaced(
        ': 52 }',
        ': 62 }',
      )(replaced(': 51 }', ': 61 }')(replaced('  # profile: default', '  profile: documented')(text))),
    );
    const [stage] = planFor(next, both).tracks.flat();
    expect(stage?.title).toBe('change keep_136 and keep_137 at the same moment');
    expect(stage?.together?.expect).toMatch(
      /^No host holds 192\.168\.160\.161 and 192\.168\.160\.162 for up to 3\.61 s/,
    );
  });
});

describe('when its turn comes, since hosts go on understanding each other', () => {
  test.each([
    ['priorities', replaced('priorities: [100, 80]', 'priorities: [120, 80]')],
    ['the health check', replaced('  #   interval: 2 ', '    interval: 1 ')],
    ['another VIP', replaced('  # - address: 192.168.160.163/24', '  - address: 192.168.160.163/24')],
    [
      'the interval in version 3',
      (text: string) => replaced('  # advert_int: 1 ', '  advert_int: 0.5 ')(versionThree(text)),
    ],
  ])('%s', async (name, to) => {
    const change = (text: string): string => {
      if (name === 'the health check') return to(text).replace('  # check:', '  check:');
      if (name !== 'another VIP') return to(text);
      return to(text).replace('  #   hosts: [keep_136, keep_137]', '    hosts: [keep_136, keep_137]');
    };
    const before = name === 'the interval in version 3' ? exampleInventory(versionThree) : source;
    const { stages } = await changing(change, before);
    expect(stages.map(({ title }) => title)).toEqual(['change keep_137', 'change keep_136']);
  });
});

test('a member that is left out is named, since the others would not be heard by it', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const next = exampleInventory(replaced('  # advert_int: 1 ', '  advert_int: 2 '));
  const render = await loadRender();
  const facts = factsOf(hosts.slice(0, 1));
  const limited = () =>
    makePlan(desire(next, facts, render), facts, next.vips, clusters(next), {
      on: 'each',
      cached: new Set(),
    });
  expect(limited).toThrow(
    /advert_int 1 → 2 s\. All its hosts must change at the same moment, and keep_137 is left out/,
  );
});

describe('after an apply that was cut off', () => {
  /** Both hosts have the new files, and the daemons of `unread` have not read them. */
  const cutOff = async (to: (text: string) => string, unread: readonly string[]) => {
    const hosts = pair();
    await apply(source, hosts);
    const next = exampleInventory(to);
    const made = planFor(next, hosts);
    const stages = made.tracks.map((track) =>
      track.map((stage) => ({
        ...stage,
        gate: [],
        work: stage.work.map(({ host, changes }) => ({
          host,
          changes: changes.filter(({ id }) => id === 'config:keepalived' || !unread.includes(host)),
        })),
      })),
    );
    await run({ ...made, tracks: stages }, hosts);
    return { hosts, next, stages: planFor(next, hosts).tracks.flat() };
  };

  test('hosts that still run with the old files read the new ones together, as was announced', async () => {
    const { stages } = await cutOff(replaced('  # advert_int: 1 ', '  advert_int: 2 '), [
      'keep_136',
      'keep_137',
    ]);
    expect(stages.map(({ title }) => title)).toEqual(['change keep_136 and keep_137 at the same moment']);
    expect(stages[0]?.together?.why.join()).toMatch(/advert_int 1 → 2 s/);
    expect(rounds(stages[0], 'keep_136')).toEqual([
      '1 entrust:keepalived entrust',
      '2 together:keepalived reload-together',
    ]);
  });

  test('or one takes over from the other, where keepalived would drop the VIP', async () => {
    const { stages } = await cutOff(replaced('virtual_router_id: 51', 'virtual_router_id: 61'), [
      'keep_136',
      'keep_137',
    ]);
    expect(stages[0]?.together?.expect).toMatch(/^No outage: keep_137 takes/);
  });

  test('when only one has not, it reads them in a turn of its own', async () => {
    const { stages } = await cutOff(replaced('virtual_router_id: 51', 'virtual_router_id: 61'), ['keep_136']);
    expect(stages.map(({ title }) => title)).toEqual(['change keep_136']);
    expect(stages[0]?.together).toBeUndefined();
  });

  test('what hosts need not agree on, each reads in its turn', async () => {
    const { stages } = await cutOff(replaced('  # garp_master_refresh: 60', '  garp_master_refresh: 30'), [
      'keep_136',
      'keep_137',
    ]);
    expect(stages.map(({ title }) => title)).toEqual(['change keep_137', 'change keep_136']);
  });

  test("a VIP that two hosts have is nobody's to give until both are as wanted", async () => {
    const { hosts, next } = await cutOff(replaced('virtual_router_id: 51', 'virtual_router_id: 61'), [
      'keep_136',
    ]);
    const both = hosts.map((host) =>
      fakeHost({
        ...host.facts(),
        drain: host.name === 'keep_137' ? -252 : 0,
        interfaces: [{ name: 'ens33', up: true, addresses: ['192.168.160.130/24', '192.168.160.161/32'] }],
      }),
    );
    const stages = planFor(next, both).tracks.flat();
    expect(stages.map(({ title, settling }) => [title, settling])).toEqual([
      ['change keep_136', []],
      ['change keep_137', ['192.168.160.161', '192.168.160.162']],
    ]);
    expect(stages[0]?.addresses).toEqual([]);
    expect(rounds(stages[1], 'keep_137')).toEqual(['0 undrain undrain']);
  });

  test('a host that was drained for it is undrained, and one that its operator drained is not', async () => {
    const hosts = pair();
    await apply(source, hosts);
    const drained = (drain: number): FakeHost[] => hosts.map((host) => fakeHost({ ...host.facts(), drain }));
    expect(planFor(source, drained(-253)).tracks).toEqual([]);
    const left = drained(-252);
    expect(
      planFor(source, left)
        .tracks.flat()
        .map(({ title }) => title),
    ).toEqual(['change keep_137', 'change keep_136']);
    await run(planFor(source, left), left);
    expect(left.map((host) => host.facts().drain)).toEqual([0, 0]);
  });
});

test('a rebuild at the same time waits for its turn, and its host is drained for it', async () => {
  const { stages, hosts } = await changing((text) =>
    replaced(
      '[--sysconfdir=/etc]',
      '[--sysconfdir=/etc, --disable-lvs]',
    )(replaced('  # advert_int: 1 ', '  advert_int: 2 ')(text)),
  );
  expect(stages.map(({ title }) => title)).toEqual([
    'prepare',
    'change keep_136 and keep_137 at the same moment',
    'change keep_137',
    'change keep_136',
  ]);
  // Kept once, before the first of the two.
  expect(stages.map(({ work }) => work.filter(({ keep }) => keep !== undefined).length)).toEqual([
    0, 2, 0, 0,
  ]);
  expect(hosts[0]?.kept()).toEqual([]);
});

describe('who goes first', () => {
  const names = ['a', 'b', 'c', 'd'];
  const vip = fc.record({
    members: fc.uniqueArray(fc.constantFrom(...names), { minLength: 2, maxLength: 4 }),
    holder: fc.nat(3),
  });
  const facts = (host: string, vips: readonly { members: string[]; holder: number }[]): HostFacts =>
    bareFacts(host, {
      interfaces: [
        {
          name: 'e',
          up: true,
          addresses: vips.flatMap(({ members, holder }, at) =>
            members[holder % members.length] === host ? [`10.0.0.${at + 1}/32`] : [],
          ),
        },
      ],
      services: {
        ...bareFacts(host).services,
        keepalived: { ...bareFacts(host).services.keepalived, active: 'active' },
      },
    });

  test('leaves of every VIP one host behind and sends one ahead, and nobody who cannot be drained while he holds', () => {
    fc.assert(
      fc.property(fc.array(vip, { minLength: 1, maxLength: 4 }), fc.subarray(names), (vips, drainable) => {
        const have = new Map(names.map((host) => [host, facts(host, vips)]));
        const all: Vip[] = vips.map(({ members }, at) => ({
          name: `V${at}`,
          address: { address: `10.0.0.${at + 1}`, prefix: null },
          virtualRouterId: at + 1,
          members: members.map((host) => ({ host, priority: 100, interface: null })) as never,
          advertInt: 1,
        }));
        const groups = vips.map(({ members }) => members);
        const first = goingFirst(names, groups, have, all, (host) => drainable.includes(host));
        if (first.length === 0) return;
        for (const group of groups) {
          expect(group.some((host) => first.includes(host))).toBe(true);
          expect(group.some((host) => !first.includes(host))).toBe(true);
        }
        for (const { members, holder } of vips) {
          const host = members[holder % members.length] ?? '';
          if (first.includes(host)) expect(drainable).toContain(host);
        }
      }),
    );
  });

  test('is nobody when three hosts share three VIPs in a ring and none can be drained', () => {
    const vips = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ].map((members) => ({ members, holder: 0 }));
    const have = new Map(names.map((host) => [host, facts(host, vips)]));
    expect(
      goingFirst(
        ['a', 'b', 'c'],
        vips.map(({ members }) => members),
        have,
        [],
        () => false,
      ),
    ).toEqual([]);
  });
});

test('hosts that would not hear each other after a rollback are found', () => {
  const conf = (id: number): string =>
    `vrrp_instance V { interface e\nvirtual_router_id ${id}\nvirtual_ipaddress { 10.0.0.1 }\n}`;
  expect(
    disagreement(
      new Map([
        ['a', conf(5)],
        ['b', conf(5)],
      ]),
    ),
  ).toBeNull();
  expect(
    disagreement(
      new Map([
        ['a', conf(5)],
        ['b', conf(6)],
      ]),
    ),
  ).toMatch(/10\.0\.0\.1: a → b: virtual_router_id 5 → 6/);
});

describe('what a gate waits for', () => {
  const three = (text: string): string =>
    replaced(
      '  # - address: 192.168.160.163/24',
      '  - address: 192.168.160.163/24',
    )(text).replace('  #   hosts: [keep_136, keep_137]', '    hosts: [keep_136, keep_137]');
  test('a VIP that is new may be with nobody until all its hosts know it', async () => {
    const { stages } = await changing(three);
    expect(stages.map(({ addresses }) => addresses?.includes('192.168.160.163'))).toEqual([false, true]);
    expect(stages.map(({ settling }) => settling?.length)).toEqual([2, 3]);
  });

  test('a VIP whose order changes settles when all its hosts know the new order', async () => {
    const { stages } = await changing(replaced('hosts: [keep_136, keep_137]', 'hosts: [keep_137, keep_136]'));
    expect(stages.map(({ addresses }) => addresses?.length)).toEqual([2, 2]);
    expect(stages.map(({ settling }) => settling)).toEqual([
      ['192.168.160.162'],
      ['192.168.160.161', '192.168.160.162'],
    ]);
  });
});
