import { describe, expect, test } from 'vitest';
import { assumedFacts } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import type { Resource } from '../../src/model/desired.ts';
import type { Inventory } from '../../src/model/domain.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { type FirewallFacts, type FirewallTool, ruleWords } from '../../src/model/firewall-rules.ts';
import { factsWith, pair, refusal, render, resourcesOf } from './hosts.ts';

const active = (tool: FirewallTool | null, others: readonly string[] = []): FirewallFacts => ({
  tool,
  active: true,
  places: [],
  rules: [],
  others,
});
type Wanted = Extract<Resource, { kind: 'firewall' }>;
const wanted = (resources: readonly Resource[]): Wanted | undefined =>
  resources.find((one): one is Wanted => one.kind === 'firewall');
/** What the first host wants, all hosts being known. */
function wantedOf(inventory: Inventory, change: Partial<HostFacts> = {}): Wanted | undefined {
  const facts = factsWith(inventory, { firewall: active('nftables'), ...change });
  return wanted(desire(inventory, facts, render)[0]?.resources ?? []);
}
const words = (inventory: Inventory, change: Partial<HostFacts> = {}): readonly string[] =>
  (wantedOf(inventory, change)?.rules ?? []).map(ruleWords);

describe('what is let through', () => {
  test('adverts of the other host to the group, requests, and questions to the VIP', () => {
    expect(words(pair())).toEqual(['vrrp 192.168.160.137 224.0.0.18', 'tcp 80', 'ask 192.168.160.161 80']);
  });

  test('unicast adverts come to the host itself', () => {
    expect(words(pair('vrrp: {unicast: true}'))[0]).toBe('vrrp 192.168.160.137');
  });

  test('each port that answers on an outer address, once and in order', () => {
    const listen = '[443, 80, "127.0.0.1:81", "[::]:8080"]';
    expect(words(pair(`nginx: {sites: [{name: default, listen: ${listen}}]}`)).slice(1, -1)).toEqual([
      'tcp 80',
      'tcp 443',
      'tcp 8080',
    ]);
  });

  test('multicast adverts may come from any address of the other, but from no VIP', () => {
    const inventory = pair();
    const facts = [...factsWith(inventory, { firewall: active('ufw') })].map(([name, one]) => [
      name,
      {
        ...one,
        interfaces: [
          {
            name: 'ens33',
            up: true,
            addresses: name.endsWith('6')
              ? ['192.168.160.136/24']
              : ['192.168.160.137/24', 'fe80::1/64', '192.168.160.138/24', '192.168.160.161/32'],
          },
        ],
      },
    ]) as [string, HostFacts][];
    const rules = wanted(desire(inventory, new Map(facts), render)[0]?.resources ?? [])?.rules ?? [];
    expect(rules.map(ruleWords).slice(0, 2)).toEqual([
      'vrrp 192.168.160.137 224.0.0.18',
      'vrrp 192.168.160.138 224.0.0.18',
    ]);
  });

  test('with the other hosts unknown, nothing is known to be too much', () => {
    const [first] = factsWith(pair(), { firewall: active('nftables') });
    const [one] = desire(pair(), new Map(first && [first]), render);
    expect(wanted(one?.resources ?? [])).toMatchObject({ complete: false, interfaces: ['ens33'] });
    expect(wantedOf(pair())?.complete).toBe(true);
  });
});

test('a host whose VIPs have gone is opened for its nginx alone', () => {
  const inventory = pair();
  expect(words({ ...inventory, vips: [] })).toEqual(['tcp 80']);
});

test('it is opened after programs are installed and before they are configured and started', () => {
  const kinds = resourcesOf(pair(), { firewall: active('ufw') }).map(({ kind }) => kind);
  expect(kinds.indexOf('firewall')).toBeGreaterThan(kinds.lastIndexOf('build'));
  expect(kinds.indexOf('firewall')).toBeLessThan(kinds.indexOf('config'));
});

test.each([
  ['none is active', null, ''],
  ['it is off', { ...active('ufw'), active: false }, ''],
  ['the operator has opened it', active('nftables'), 'firewall: leave'],
  ['haup does not know it, and the operator has opened it', active(null, ['iptables']), 'firewall: leave'],
])('nothing where %s', (_name, firewall, more) => {
  expect(wantedOf(pair(more), { firewall })).toBeUndefined();
});

test('nftables gets a script and a unit that runs it again; the others keep rules themselves', () => {
  const files = (tool: FirewallTool) =>
    (wantedOf(pair(), { firewall: active(tool) })?.files ?? []).map(({ path, mode }) => [
      path,
      mode.toString(8),
    ]);
  expect(files('nftables')).toEqual([
    ['/usr/libexec/haup-firewall', '755'],
    ['/etc/systemd/system/haup-firewall.service', '644'],
  ]);
  expect([...files('ufw'), ...files('firewalld')]).toEqual([]);
});

describe('one that haup cannot open is refused, and what to let in is said', () => {
  const said = (firewall: FirewallFacts, more = '') =>
    refusal(() =>
      desire(
        pair(more),
        new Map(
          [...assumedFacts(pair())].map(([name, one], index) => [
            name,
            index === 0 ? { ...one, firewall } : one,
          ]),
        ),
        render,
      ),
    );

  test('alone', () => {
    expect(said(active(null, ['iptables']))).toMatchObject({
      code: 'HOST_UNSUPPORTED',
      host: 'keep_136',
      message: 'iptables drops unknown traffic, and haup opens only firewalld, ufw and nftables.',
      hint: expect.stringMatching(
        /^Let in IP protocol 112 from 192\.168\.160\.137 to 224\.0\.0\.18 and TCP 80 yourself.* firewall: leave/,
      ),
    });
  });

  test('beside another', () => {
    expect(said(active('firewalld', ['inet house input', 'ip old input'])).message).toBe(
      'inet house input and ip old input drop unknown traffic; the host also has firewalld, and haup opens only one firewall.',
    );
  });
});
