import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LabSpec } from '../../src/lab/names.ts';
import {
  checkLabName,
  checkSpec,
  hardwareAddress,
  hostNamespace,
  labOf,
  machineName,
  portName,
  switchAddress,
  switchNamespace,
} from '../../src/lab/names.ts';

const pair: LabSpec = {
  name: 'haup',
  inventory: null,
  hosts: [
    { name: 'keep_136', address: '192.168.160.136', interface: 'ens33', flavour: 'apt' },
    { name: 'keep_137', address: '192.168.160.137', interface: 'ens33', flavour: 'apt' },
  ],
  reserved: ['192.168.160.161', '192.168.160.162'],
  software: { keepalived: '2.2.4', nginx: '1.20.1' },
};
const [first, other] = pair.hosts;
const withOther = (change: object): LabSpec => ({ ...pair, hosts: [first!, { ...other!, ...change }] });

const labNames = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/);
const hostNames = fc.stringMatching(/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9_])?$/);

test('the example pair is valid', () => {
  expect(checkSpec(pair)).toBe(pair);
});

test.each([
  ['no host', { ...pair, hosts: [] }, /at least one host/],
  ['a DNS name', withOther({ address: 'web-2.example.com' }), /is no IPv4 address/],
  ['an IPv6 address', withOther({ address: 'fd00::2' }), /is no IPv4 address/],
  ['an octet over 255', withOther({ address: '192.168.160.256' }), /is no IPv4 address/],
  ['an octet with a leading zero', withOther({ address: '192.168.160.037' }), /is no IPv4 address/],
  ['two hosts of one name', withOther({ name: 'keep_136' }), /another host has the same name/],
  ['two hosts of one address', withOther({ address: '192.168.160.136' }), /keep_136 has the same address/],
  ['another network', withOther({ address: '192.168.161.137' }), /different \/24 networks/],
  ['a name with a slash', withOther({ name: '../keep' }), /a character that a host name cannot have/],
  ['a name with a quote', withOther({ name: "keep'137" }), /a character that a host name cannot have/],
  [
    'an interface of 16 characters',
    withOther({ interface: 'e123456789012345' }),
    /is not a valid name for an interface/,
  ],
  ['an interface with a blank', withOther({ interface: 'ens 33' }), /is not a valid name for an interface/],
  ['the loopback', withOther({ interface: 'lo' }), /is not a valid name for an interface/],
])('%s is refused before anything is made', (_what, spec, message) => {
  expect(() => checkSpec(spec)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }),
  );
});

test.each(['', 'A', 'a b', '-a', 'a-', 'a.b', 'a/b', '..', 'a'.repeat(33), "a'"])(
  '%j names no lab',
  (name) => {
    expect(() => checkLabName(name)).toThrow(/is not a valid name for a lab/);
  },
);

test('the lab of a namespace is known from its name', () => {
  fc.assert(
    fc.property(labNames, hostNames, (lab, host) => {
      expect(labOf(switchNamespace(lab))).toBe(lab);
      expect(labOf(hostNamespace(lab, host))).toBe(lab);
    }),
  );
  for (const foreign of ['haup', 'haupt.x', 'docker', 'haup.', 'haup.UP', 'x.haup.lab'])
    expect(labOf(foreign)).toBeNull();
});

test('no two labs share a namespace, whatever their hosts are called', () => {
  fc.assert(
    fc.property(labNames, labNames, hostNames, hostNames, (one, two, a, b) => {
      fc.pre(one !== two);
      const names = [
        switchNamespace(one),
        switchNamespace(two),
        hostNamespace(one, a),
        hostNamespace(two, b),
      ];
      expect(new Set(names).size).toBe(4);
    }),
  );
});

test('machine names are valid for systemd', () => {
  fc.assert(
    fc.property(labNames, hostNames, (lab, host) => {
      expect(machineName(lab, host)).toMatch(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/);
    }),
  );
});

test('a host keeps its hardware address, and its port fits into the kernel', () => {
  expect(hardwareAddress('192.168.160.136')).toBe('02:00:c0:a8:a0:88');
  expect(portName('192.168.160.136')).toBe('v136');
});

describe('the address of the switch', () => {
  test('is .1', () => expect(switchAddress(pair)).toBe('192.168.160.1'));
  test('is another when a host or a virtual IP has that', () => {
    expect(switchAddress(withOther({ address: '192.168.160.1' }))).toBe('192.168.160.254');
    expect(switchAddress({ ...pair, reserved: ['192.168.160.1', '192.168.160.254'] })).toBe(
      '192.168.160.253',
    );
  });
});
