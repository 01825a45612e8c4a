import { describe, expect, test } from 'vitest';
import { clusters } from '../../src/cluster/clusters.ts';
import type { Inventory } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { type FirewallFacts, type FirewallTool, ruleWords } from '../../src/model/firewall-rules.ts';
import type { Change, Plan } from '../../src/model/plan.ts';
import { reopenFirewall } from '../../src/plan/firewall-changes.ts';
import { countChanges } from '../../src/plan/make-plan.ts';
import { planRemoval } from '../../src/plan/plan-removal.ts';
import { changedSince, snapshot } from '../../src/plan/facts-snapshot.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts, type FakeHost, fakeHost } from '../fakes/host.ts';
import { apply, changesOf, factsOf, pair, planFor, run, source } from '../fakes/pair.ts';

const filtering = (tool: FirewallTool, places: FirewallFacts['places']): FirewallFacts => ({
  tool,
  active: true,
  places,
  rules: [],
  others: [],
});
const nftables = filtering('nftables', [
  { at: 'inet house input', way: 'in', interface: '' },
  { at: 'inet house output', way: 'out', interface: '' },
]);
const ufw = filtering('ufw', [
  { at: 'incoming', way: 'in', interface: '' },
  { at: 'outgoing', way: 'out', interface: '' },
]);
const firewalld = filtering('firewalld', [
  { at: 'public', way: 'in', interface: '' },
  { at: 'dmz', way: 'in', interface: 'ens33' },
]);

const address = (host: string): Partial<HostFacts> => ({
  interfaces: [
    {
      name: 'ens33',
      up: true,
      addresses: [host === 'keep_136' ? '192.168.160.136/24' : '192.168.160.137/24'],
    },
  ],
});
const behind = (firewall: FirewallFacts): FakeHost[] =>
  ['keep_136', 'keep_137'].map((host) => fakeHost(bareFacts(host, { ...address(host), firewall })));
const rules = (host: FakeHost | undefined): readonly string[] =>
  (host?.facts().firewall?.rules ?? []).map(({ at, rule }) => `${at}: ${ruleWords(rule)}`);
const named = (made: Plan, host: string, id: string): Change | undefined =>
  changesOf(made, host).find((change) => change.id === id);
const vips = ['ask 192.168.160.161 80', 'ask 192.168.160.162 80'];

describe.each([
  [
    'nftables',
    nftables,
    [
      ...['vrrp 192.168.160.137 224.0.0.18', 'tcp 80'].map((words) => `inet house input: ${words}`),
      ...['vrrp 192.168.160.137 224.0.0.18', 'tcp 80', ...vips].map((words) => `inet house output: ${words}`),
    ],
  ],
  [
    'ufw',
    ufw,
    [
      ...['vrrp 192.168.160.137 224.0.0.18', 'tcp 80'].map((words) => `incoming: ${words}`),
      ...['vrrp 192.168.160.137 224.0.0.18', ...vips].map((words) => `outgoing: ${words}`),
    ],
  ],
  ['firewalld', firewalld, ['dmz: vrrp 192.168.160.137 224.0.0.18', 'dmz: tcp 80']],
] as const)('behind %s', (tool, firewall, wanted) => {
  test('what is needed is let in where it is dropped, and a second apply does nothing', async () => {
    const hosts = behind(firewall);
    const made = await apply(source, hosts);
    expect(rules(hosts[0])).toEqual(wanted);
    expect(named(made, 'keep_136', 'firewall')?.title).toBe(
      `let multicast VRRP from 192.168.160.137 and TCP 80 through ${tool}`,
    );
    expect(named(made, 'keep_136', 'firewall')?.why).toMatch(/drops it: both hosts would hold a VIP$/);
    const again = planFor(source, hosts);
    expect(countChanges(again).changes).toBe(0);
    expect(again.same.map(({ what }) => what)).toContain(
      `firewall: ${tool} lets in multicast VRRP from 192.168.160.137 and TCP 80`,
    );
  });

  test('it is opened before a daemon starts', async () => {
    const hosts = behind(firewall);
    await apply(source, hosts);
    const done = hosts[0]?.acted.map((action) => action.do) ?? [];
    expect(done.indexOf('firewall')).toBeGreaterThan(-1);
    expect(done.indexOf('firewall')).toBeLessThan(done.indexOf('service'));
  });

  test('a rule that somebody took away comes back', async () => {
    const hosts = behind(firewall);
    await apply(source, hosts);
    const [first] = hosts;
    const facts = first?.facts();
    if (facts?.firewall === undefined || facts.firewall === null) throw new Error('no firewall');
    const less = { ...facts.firewall, rules: facts.firewall.rules.slice(1) };
    const cut = [fakeHost({ ...facts, firewall: less }), ...hosts.slice(1)];
    await apply(source, cut);
    expect(new Set(rules(cut[0]))).toEqual(new Set(wanted));
  });

  test('uninstall takes away all of it, after the daemons have stopped and before the files go', async () => {
    const hosts = behind(firewall);
    await apply(source, hosts);
    const made = planRemoval(factsOf(hosts), source.vips, clusters(source), {
      hosts: ['keep_136', 'keep_137'],
      packages: false,
    });
    const ids = changesOf(made, 'keep_136').map(({ id }) => id);
    expect(ids.slice(ids.indexOf('service:nginx'), ids.indexOf('leftover:files') + 1)).toEqual([
      'service:nginx',
      'firewall:close',
      'leftover:files',
    ]);
    await run(made, hosts);
    expect(hosts.map(rules)).toEqual([[], []]);
  });
});

const otherPort = exampleInventory((text) =>
  text
    .replace('  # sites: ', '  sites: ')
    .replace(
      /^ {2}# {3}- name: default.*\n {2}# {5}listen: .*\n {2}# {5}server_names: .*\n/m,
      '    - name: default\n      listen: [8080]\n',
    ),
);
const unicast = exampleInventory((text) => text.replace('  # unicast: false', '  unicast: true'));

describe('a change', () => {
  test.each<[string, Inventory, string, string]>([
    ['of a port', otherPort, 'TCP 8080', 'TCP 80'],
    ['to unicast', unicast, 'unicast VRRP from 192.168.160.137', 'multicast VRRP from 192.168.160.137'],
  ])(
    '%s is let in before, and what was let in until then is closed after',
    async (_name, to, opens, closes) => {
      const hosts = behind(nftables);
      await apply(source, hosts);
      const made = planFor(to, hosts);
      expect(named(made, 'keep_136', 'firewall')?.title).toBe(`let ${opens} through nftables`);
      expect(named(made, 'keep_136', 'firewall:close')?.title).toBe(`close nftables for ${closes}`);
      const stages = made.tracks[0]?.map(({ work }) =>
        work.flatMap(({ changes }) => changes.map(({ id }) => id)),
      );
      expect(stages?.[0]).toEqual(['firewall', 'firewall']);
      expect(stages?.at(-1)).toEqual(['firewall:close', 'firewall:close']);
      const open = named(made, 'keep_136', 'firewall')?.actions.find((action) => action.do === 'firewall');
      for (const rule of hosts[0]?.facts().firewall?.rules ?? [])
        expect(open?.do === 'firewall' ? open.rules : []).toContainEqual(rule);
      await run(made, hosts);
      expect(countChanges(planFor(to, hosts)).changes).toBe(0);
      await apply(source, hosts);
      expect(countChanges(planFor(source, hosts)).changes).toBe(0);
    },
  );

  test('for one host of two closes nothing that another may need', async () => {
    const hosts = behind(nftables);
    await apply(source, hosts);
    expect(named(planFor(otherPort, hosts.slice(0, 1)), 'keep_136', 'firewall')).toBeDefined();
    expect(named(planFor(otherPort, hosts.slice(0, 1)), 'keep_136', 'firewall:close')).toBeUndefined();
  });

  test('to `leave` leaves what is open, and its files', async () => {
    const hosts = behind(nftables);
    await apply(source, hosts);
    const leave = exampleInventory((text) => text.replace('# firewall: open ', 'firewall: leave '));
    expect(leave.firewall).toBe('leave');
    expect(countChanges(planFor(leave, hosts)).changes).toBe(0);
  });

  test('that goes back by a rollback opens what the state had, and closes nothing', async () => {
    const hosts = behind(nftables);
    await apply(source, hosts);
    await apply(otherPort, hosts);
    const state = hosts[0]?.kept()[0];
    const facts = hosts[0]?.facts() ?? bareFacts('keep_136');
    const [change] = reopenFirewall(state?.firewall ?? [], facts);
    expect(change?.title).toBe('let TCP 80 through nftables');
    const [action] = change?.actions ?? [];
    const words = action?.do === 'firewall' ? action.rules.map(({ rule }) => ruleWords(rule)) : [];
    expect(words).toEqual(expect.arrayContaining(['tcp 80', 'tcp 8080']));
    expect(reopenFirewall(facts.firewall?.rules ?? [], facts)).toEqual([]);
    expect(reopenFirewall(state?.firewall ?? [], { ...facts, firewall: null })).toEqual([]);
  });
});

test('hosts that hear each other again agree on who holds what before anything else is done', async () => {
  const hosts = pair();
  await apply(source, hosts);
  const now = hosts.map((host) => fakeHost({ ...host.facts(), firewall: nftables }));
  const both = now.map((host) => fakeHost({ ...host.facts(), interfaces: now[0]?.facts().interfaces ?? [] }));
  const [stage, ...others] = planFor(source, both).tracks[0] ?? [];
  expect(others).toEqual([]);
  expect(stage).toMatchObject({
    title: 'open the firewall',
    gate: ['services', 'healthy', 'one-holder', 'settled', 'http'],
    addresses: ['192.168.160.161', '192.168.160.162'],
  });
});

test('a firewall that moved makes a plan stale', () => {
  const facts = bareFacts('keep_136', { firewall: nftables });
  const one = { at: 'inet house input', rule: { kind: 'tcp', port: 80 } } as const;
  expect(
    changedSince(snapshot(facts), snapshot({ ...facts, firewall: { ...nftables, rules: [one] } })),
  ).toEqual(['the firewall has changed']);
});

test('what an uninstall finds of a firewall that is gone goes with it', async () => {
  const hosts = behind(nftables);
  await apply(source, hosts);
  const gone = fakeHost({ ...(hosts[0]?.facts() ?? bareFacts('keep_136')), firewall: null });
  const made = planRemoval(factsOf([gone]), source.vips, clusters(source), {
    hosts: ['keep_136'],
    packages: false,
  });
  expect(named(made, 'keep_136', 'firewall:close')?.actions).toEqual([
    { do: 'firewall', tool: 'nftables', rules: [] },
  ]);
});
