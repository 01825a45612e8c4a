import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { keepalivedFeatures } from '../../src/cluster/keepalived-features.ts';
import { atLeast } from '../../src/base/version.ts';

test.each([
  ['2.2.4', '2.2.4', true],
  ['2.2.4', '2.2.5', false],
  ['2.10.0', '2.9.9', true],
  ['2.2', '2.2.0', true],
  ['v2.4.3', '2.4.0', true],
  ['1:2.2.7-1+b2', '2.2.7', true],
  ['2.3.0-rc1', '2.2.8', true],
  ['', '0.0.1', false],
])('%s is at least %s: %s', (version, floor, expected) => {
  expect(atLeast(version, floor)).toBe(expected);
});

test('versions are ordered as numbers', () => {
  const version = fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30));
  fc.assert(
    fc.property(version, version, (a, b) => {
      const order =
        a.map((part, index) => part - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
      expect(atLeast(a.join('.'), b.join('.'))).toBe(order >= 0);
    }),
  );
});

test('every version has one word for a file that is tracked', () => {
  const words = ['1.3.5', '2.0.0', '2.0.20', '2.1.0', '2.2.4', '2.4.3'].map((version) => {
    const { trackFile, trackFileKeyword } = keepalivedFeatures(version);
    return trackFile ? trackFileKeyword : null;
  });
  expect(words).toEqual([
    null,
    'vrrp_track_file',
    'vrrp_track_file',
    'track_file',
    'track_file',
    'track_file',
  ]);
});
