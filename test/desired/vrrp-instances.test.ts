import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assumedFacts } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import { memberInterface } from '../../src/desired/vrrp-instances.ts';
import type { HostName, Inventory } from '../../src/model/domain.ts';
import type { HostFacts, InterfaceFacts } from '../../src/model/facts.ts';
import { SeveralErrors } from '../../src/model/errors.ts';
import { read } from '../inventory/reading.ts';
import { factsWith, keepalivedConf, pair, refusal, render } from './hosts.ts';
import { blocks, value } from './keepalived-syntax.ts';

const instancesOf = (inventory: Inventory, host: string, facts = assumedFacts(inventory)) =>
  blocks(keepalivedConf(inventory, host, facts), 'vrrp_instance');

/** Host → VIP → priority. */
const priorities = (inventory: Inventory): Record<string, Record<string, number>> =>
  Object.fromEntries(
    inventory.hosts.map(({ name }) => [
      name,
      Object.fromEntries(
        [...instancesOf(inventory, name)].map(([vip, block]) => [vip, Number(value(block, 'priority'))]),
      ),
    ]),
  );

describe('who is preferred', () => {
  test('one VIP: master and backup', () => {
    expect(priorities(pair())).toEqual({ keep_136: { VI_1: 250 }, keep_137: { VI_1: 200 } });
  });

  test('crossed orders: mutual backup', () => {
    const crossed = read(`hosts: { a: { address: 10.0.0.1 }, b: { address: 10.0.0.2 } }
vips:
  - { address: 10.0.0.8, hosts: [a, b] }
  - { address: 10.0.0.9, hosts: [b, a] }`);
    expect(priorities(crossed)).toEqual({ a: { VI_1: 250, VI_2: 200 }, b: { VI_1: 200, VI_2: 250 } });
  });

  test('three hosts: a ladder, and only on the hosts that are members', () => {
    const three =
      read(`hosts: { a: { address: 10.0.0.1 }, b: { address: 10.0.0.2 }, c: { address: 10.0.0.3 } }
vips:
  - { address: 10.0.0.7, hosts: [b, c, a] }
  - { address: 10.0.0.8, hosts: [c, a] }`);
    expect(priorities(three)).toEqual({
      a: { VI_1: 150, VI_2: 200 },
      b: { VI_1: 250 },
      c: { VI_1: 200, VI_2: 250 },
    });
  });

  test('any number of hosts: priorities fall in the order of the members, all are BACKUP, one VRID', () => {
    const members = fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e'], { minLength: 2 });
    fc.assert(
      fc.property(members, (hosts) => {
        const inventory = read(
          `hosts: {a: {}, b: {}, c: {}, d: {}, e: {}}\nvips: [{address: 10.0.0.9, hosts: [${hosts.join(', ')}]}]`,
        );
        const found = hosts.map((host) => instancesOf(inventory, host).get('VI_1'));
        const ladder = found.map((block) => Number(value(block, 'priority')));
        expect(ladder).toEqual(ladder.toSorted((x, y) => y - x));
        expect(new Set(ladder).size).toBe(hosts.length);
        expect(new Set(found.map((block) => value(block, 'state')))).toEqual(new Set(['BACKUP']));
        expect(new Set(found.map((block) => value(block, 'virtual_router_id')))).toEqual(new Set(['9']));
      }),
      { numRuns: 50 },
    );
  });
});

test.each([
  ['2.0.20', 'fast', '50', null],
  ['2.2.7', 'fast', '50', '100000'],
  ['2.2.7', 'default', null, null],
])('keepalived %s with the profile %s: priority %s, limit %s', (version, profile, priority, limit) => {
  const conf = keepalivedConf(pair(`vrrp: { profile: ${profile} }\nkeepalived: { version: ${version} }`));
  const global = blocks(conf, 'global_defs').get('');
  expect([value(global, 'vrrp_rt_priority'), value(global, 'vrrp_rlimit_rttime')]).toEqual([priority, limit]);
});

describe('what the default profile adds', () => {
  const block = instancesOf(pair(), 'keep_136').get('VI_1');

  test('a check without a weight, a drain, a refresh of ARP', () => {
    expect(value(block, 'track_script')).toBe('haup_check_nginx');
    expect(value(block, 'track_file')).toBe('haup_drain');
    expect(value(block, 'garp_master_refresh')).toBe('60');
    const check = blocks(keepalivedConf(pair()), 'vrrp_script').get('haup_check_nginx');
    expect(value(check, 'weight')).toBeNull();
    expect(value(check, 'script')).toBe('/usr/libexec/keepalived/haup-check-nginx');
    expect([
      value(check, 'interval'),
      value(check, 'timeout'),
      value(check, 'fall'),
      value(check, 'rise'),
    ]).toEqual(['2', '1', '2', '2']);
  });

  test('scripts run as a user of their own', () => {
    const global = blocks(keepalivedConf(pair()), 'global_defs').get('');
    expect(value(global, 'enable_script_security')).toBe('');
    expect(value(global, 'script_user')).toBe('keepalived_script');
  });

  test('the drain declares its file before the instances that name it, and nothing writes it', () => {
    const conf = keepalivedConf(pair());
    expect(conf.indexOf('track_file haup_drain')).toBeGreaterThan(0);
    expect(conf.indexOf('track_file haup_drain')).toBeLessThan(conf.indexOf('vrrp_instance'));
    expect(conf).not.toMatch(/init_file/);
    const drain = blocks(conf, 'track_file').get('haup_drain');
    expect(value(drain, 'file')).toBe('/var/lib/haup/drain');
    expect(value(drain, 'weight')).toBe('1');
  });

  test.each([
    ['2.0.20', 'vrrp_track_file'],
    ['2.1.0', 'track_file'],
    ['2.4.3', 'track_file'],
  ])('keepalived %s declares the drain with %s', (version, keyword) => {
    const conf = keepalivedConf(pair(`keepalived: { version: ${version}, sha256: ${'a'.repeat(64)} }`));
    expect(conf).toMatch(new RegExp(`^${keyword} haup_drain \\{`, 'm'));
  });

  test('keepalived 1.3.5, which has no track_file, gets none', () => {
    const conf = keepalivedConf(pair(`keepalived: { version: 1.3.5, sha256: ${'a'.repeat(64)} }`));
    expect(conf).not.toMatch(/track_file/);
  });

  test('strict mode, whose firewall rules drop requests to the VIP, is never written', () => {
    expect(keepalivedConf(pair())).not.toMatch(/strict/);
  });

  test('a check that is switched off leaves the drain', () => {
    const conf = keepalivedConf(pair('vrrp: { check: { enabled: false } }'));
    expect(conf).not.toMatch(/script/);
    expect(conf).toMatch(/haup_drain/);
  });
});

test('version 3 has the word, parts of a second, and no password', () => {
  const block = instancesOf(pair('vrrp: { version: 3, advert_int: 0.1 }'), 'keep_136').get('VI_1');
  expect(value(block, 'version')).toBe('3');
  expect(value(block, 'advert_int')).toBe('0.1');
  expect(value(block, 'authentication')).toBeNull();
});

test('preempt_delay and a refresh of 0 are what they say', () => {
  const block = instancesOf(pair('vrrp: { preempt_delay: 30, garp_master_refresh: 0 }'), 'keep_136').get(
    'VI_1',
  );
  expect(value(block, 'preempt_delay')).toBe('30');
  expect(value(block, 'garp_master_refresh')).toBeNull();
});

describe('unicast', () => {
  const inventory = pair('vrrp: { unicast: true }');

  test('from the own address to that of each peer, never to itself', () => {
    const block = instancesOf(inventory, 'keep_137').get('VI_1');
    expect(value(block, 'unicast_src_ip')).toBe('192.168.160.137');
    expect(value(block, 'unicast_peer')).toBe('192.168.160.136');
  });

  test('a VIP that a host holds now is not its own address', () => {
    const facts = new Map(
      [...assumedFacts(inventory)].map(([name, known]): [HostName, HostFacts] => [
        name,
        {
          ...known,
          interfaces: [card('ens33', '192.168.160.161/32', 'fe80::1/64', `192.168.160.${name.slice(-3)}/24`)],
        },
      ]),
    );
    expect(value(instancesOf(inventory, 'keep_136', facts).get('VI_1'), 'unicast_src_ip')).toBe(
      '192.168.160.136',
    );
  });

  test('a peer that was not reached is known by its address in the inventory', () => {
    const facts = new Map([...assumedFacts(inventory)].slice(0, 1));
    expect(value(instancesOf(inventory, 'keep_136', facts).get('VI_1'), 'unicast_peer')).toBe(
      '192.168.160.137',
    );
  });

  test('a peer that is known by a name only is an error that says so', () => {
    const named = read(
      `hosts: { a: { address: 10.0.0.1, interface: e }, b: { address: b.example.org, interface: e } }
vips: [{ address: 10.0.0.9, hosts: [a, b] }]
vrrp: { unicast: true }`,
    );
    expect(() => desire(named, new Map([...assumedFacts(named)].slice(0, 1)), render)).toThrow(
      /need the address of b/,
    );
  });
});

const card = (name: string, ...addresses: string[]): InterfaceFacts => ({ name, up: true, addresses });

describe('the interface', () => {
  const unnamed = read(`hosts: { a: { address: 10.0.0.1 }, b: { address: 10.0.0.2 } }
vips: [{ address: 10.0.0.9, hosts: [a, b] }]`);
  const found = (interfaces: InterfaceFacts[], inventory = unnamed): string => {
    const [vip] = inventory.vips;
    const [host] = inventory.hosts;
    if (vip === undefined || host === undefined) throw new Error('no VIP');
    return memberInterface(vip, host, factsWith(inventory, { interfaces }).get(host.name));
  };
  test('is the one whose subnet holds the VIP', () => {
    expect(
      found([card('lo', '127.0.0.1/8'), card('eth0', '192.168.1.4/24'), card('eth1', '10.0.0.1/24')]),
    ).toBe('eth1');
  });

  test('is not one that merely holds the VIP now', () => {
    expect(found([card('eth0', '10.0.0.9/32', '192.168.1.4/24'), card('eth1', '10.0.0.1/24')])).toBe('eth1');
  });

  test('is the named one, whatever its addresses', () => {
    const named = read(`hosts: { a: { address: 10.0.0.1, interface: eth7 }, b: { address: 10.0.0.2 } }
vips: [{ address: 10.0.0.9, hosts: [a, b] }]`);
    expect(found([card('eth7'), card('eth1', '10.0.0.1/24')], named)).toBe('eth7');
  });

  test('absent: says what the host has', () => {
    const named = read(`hosts: { a: { address: 10.0.0.1, interface: ens33 }, b: { address: 10.0.0.2 } }
vips: [{ address: 10.0.0.9, hosts: [a, b] }]`);
    const error = refusal(() =>
      found([card('lo', '127.0.0.1/8'), card('eth0', '10.0.0.1/24'), card('wlan0')], named),
    );
    expect(error.code).toBe('INTERFACE_MISSING');
    expect(error.host).toBe('a');
    expect(error.message).toBe('There is no interface ens33.');
    expect(error.hint).toBe('Correct hosts.a.interface. This host has: eth0 (10.0.0.1/24); wlan0.');
  });

  test('no subnet fits, or two do: says so', () => {
    expect(refusal(() => found([card('eth0', '192.168.1.4/24')])).message).toBe(
      'No interface has an address in the subnet of 10.0.0.9.',
    );
    expect(refusal(() => found([card('eth0', '10.0.0.1/24'), card('eth1', '10.0.0.3/25')])).message).toBe(
      'Several interfaces have an address in the subnet of 10.0.0.9: eth0, eth1.',
    );
  });

  test('every host that fails is named', () => {
    const thrown = refusal(() => desire(unnamed, factsWith(unnamed, { interfaces: [] }), render));
    expect(thrown).toBeInstanceOf(SeveralErrors);
    const all = thrown instanceof SeveralErrors ? thrown.errors : [];
    expect(all.map(({ host, code }) => `${host} ${code}`)).toEqual([
      'a INTERFACE_MISSING',
      'b INTERFACE_MISSING',
    ]);
  });
});
