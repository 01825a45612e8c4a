import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bare, holds, hostPart, isIpv4, parseAddress } from '../../src/base/address.ts';

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
  ['fe80::1/64', 'fe80::ffff:2', true],
  ['fe80::1/64', 'fe80:0:0:1::2', false],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['::ffff:0:0/96', '::ffff:192.0.2.1', true],
  ['::/0', '2001:db8::1', true],
  ['::/0', '192.0.2.1', false],
  ['2001:db8::1', '2001:0db8:0:0:0:0:0:1', true],
  ['fe80::1%eth0/64', 'fe80::1', false],
])('%s holds %s: %s', (network, address, expected) => {
  expect(holds(network, address)).toBe(expected);
});

test.each(['10.0.0.1', '255.255.255.255', '10.0.0.1/24'])('%s is IPv4', (text) => {
  expect(isIpv4(text)).toBe(true);
});

test.each(['256.0.0.1', '10.0.0', '::1', 'web1.example.org', ''])('%j is not IPv4', (text) => {
  expect(isIpv4(text)).toBe(false);
});

test.each([
  ['192.0.2.1/24', 4, 0xc0000201n, 24, 1n],
  ['192.0.2.255/24', 4, 0xc00002ffn, 24, 255n],
  ['192.0.2.1', 4, 0xc0000201n, 32, 0n],
  ['2001:db8::1:2/64', 6, 0x20010db8000000000000000000010002n, 64, 0x10002n],
  ['::', 6, 0n, 128, 0n],
  ['1::', 6, 1n << 112n, 128, 0n],
  ['::ffff:192.0.2.1', 6, 0xffffc0000201n, 128, 0n],
] as const)('%s is taken apart', (text, family, bits, prefix, host) => {
  const address = parseAddress(text);
  expect(address).toEqual({ family, bits, prefix });
  expect(address && hostPart(address).bits).toBe(host);
});

test.each(['10.0.0', '10.0.0.01', ':::', '2001:db8::1::2', 'fe80::1%eth0', 'web1.example.org'])(
  '%j is no address',
  (text) => expect(parseAddress(text)).toBeNull(),
);

test('bare leaves out the prefix', () => {
  expect(bare('10.0.0.1/24')).toBe('10.0.0.1');
});

test('what is an address is one to Node too', () => {
  const part = fc.constantFrom(...':|::|.|0|1|00|01|255|256|f|FFFF|10000|g|1.2.3.4|%| '.split('|'));
  const nearly = fc.array(part, { maxLength: 16 }).map((parts) => parts.join(''));
  const groups = fc
    .array(fc.constantFrom('0', 'ab', 'FFFF', '', '1.2.3.4'), { minLength: 2, maxLength: 9 })
    .map((parts) => parts.join(':'));
  fc.assert(
    fc.property(fc.oneof(nearly, groups, fc.ipV4(), fc.ipV6()), (text) => {
      const family = text.includes('%') ? 0 : isIP(text);
      expect(parseAddress(text)?.family ?? 0).toBe(family);
    }),
    { numRuns: 3000 },
  );
});
