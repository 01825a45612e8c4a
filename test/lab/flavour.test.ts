import { expect, test } from 'vitest';
import { flavoursOf } from '../../src/lab/flavour.ts';

const hosts = ['keep_136', 'keep_137'];
const of = (given: readonly string[], before: Record<string, 'apt' | 'yum'> = {}) =>
  Object.fromEntries(flavoursOf(given, hosts, new Map(Object.entries(before))));

test.each([
  ['apt, unless said otherwise', [], {}, { keep_136: 'apt', keep_137: 'apt' }],
  ['one word for all', ['yum'], {}, { keep_136: 'yum', keep_137: 'yum' }],
  ['one host alone', ['keep_137=yum'], {}, { keep_136: 'apt', keep_137: 'yum' }],
  ['a host beside the rest, in any order', ['keep_136=apt', 'yum'], {}, { keep_136: 'apt', keep_137: 'yum' }],
  [
    'the last word counts',
    ['apt', 'yum', 'keep_136=yum', 'keep_136=apt'],
    {},
    { keep_136: 'apt', keep_137: 'yum' },
  ],
  ['what is there stays', [], { keep_137: 'yum' }, { keep_136: 'apt', keep_137: 'yum' }],
  [
    'what is there stays beside a host that is named',
    ['keep_136=yum'],
    { keep_137: 'yum' },
    { keep_136: 'yum', keep_137: 'yum' },
  ],
  ['what is there gives way to a word', ['apt'], { keep_137: 'yum' }, { keep_136: 'apt', keep_137: 'apt' }],
] as const)('%s', (_, given, before, wanted) => {
  expect(of(given, before)).toEqual(wanted);
});

test.each([
  [['dnf'], /no flavour "dnf"/],
  [['keep_137='], /no flavour ""/],
  [['keep_137=Yum'], /no flavour "Yum"/],
  [['keep_138=yum'], /"keep_138", which is no host/],
  [['=yum'], /"", which is no host/],
])('%j is refused', (given, message) => {
  expect(() => of(given)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }),
  );
});
