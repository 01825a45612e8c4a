import { expect, test } from 'vitest';
import { bare, holds, isIpv4 } from '../../src/base/address.ts';

test.each([
  ['192.168.160.136/24', '192.168.160.161', true],
  ['192.168.160.136/24', '192.168.161.161', false],
  ['192.168.160.136/25', '192.168.160.100', false],
  ['10.255.0.1/8', '10.0.0.1', true],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['10.0.0.9/32', '10.0.0.9', true],
  ['10.0.0.9', '10.0.0.8', false],
  ['200.0.0.1/1', '255.0.0.1', true],
  ['fe80::1/64', '10.0.0.1', false],
  ['10.0.0.1/24', 'fe80::1', false],
])('%s holds %s: %s', (network, address, expected) => {
  expect(holds(network, address)).toBe(expected);
});

test.each(['10.0.0.1', '255.255.255.255', '10.0.0.1/24'])('%s is IPv4', (text) => {
  expect(isIpv4(text)).toBe(true);
});

test.each(['256.0.0.1', '10.0.0', '::1', 'web1.example.org', ''])('%j is not IPv4', (text) => {
  expect(isIpv4(text)).toBe(false);
});

test('bare leaves out the prefix', () => {
  expect(bare('10.0.0.1/24')).toBe('10.0.0.1');
});
