import { expect, test } from 'vitest';
import { bound } from '../../src/measure/bounds.ts';
import { withProfile } from '../../src/inventory/profile.ts';
import { problems, read } from './reading.ts';

const inventory = (vrrp: string, keepalived = '{}'): string =>
  `hosts: {a: {address: 10.0.0.1}, b: {address: 10.0.0.2}, c: {address: 10.0.0.3}}
vips: [{address: 10.0.0.9, hosts: [a, b, c]}]
vrrp: ${vrrp}
keepalived: ${keepalived}
`;

test('the fast profile has other defaults, and what is written wins', () => {
  const { vrrp, vips } = read(inventory('{profile: fast}'));
  expect(vrrp).toMatchObject({ version: 3, preemptDelay: 2, check: { interval: 1, timeout: 1, fall: 2 } });
  expect(vips[0]?.advertInt).toBe(0.1);
  expect(vips[0]?.members.map(({ priority }) => priority)).toEqual([254, 240, 190]);
  const own = read(inventory('{profile: fast, advert_int: 0.3, preempt_delay: 0, check: {fall: 3}}'));
  expect(own.vips[0]?.advertInt).toBe(0.3);
  expect(own.vrrp).toMatchObject({ version: 3, preemptDelay: 0, check: { interval: 1, fall: 3 } });
});

test('a lost host is replaced in 0.3 s, and backups never start at once', () => {
  const { vrrp, vips } = read(inventory('{profile: fast}'));
  const [vip] = vips;
  if (vip === undefined) throw new Error('there is no VIP');
  const of = (cause: 'stop' | 'crash' | 'nginx' | 'hang', member: number): number => {
    const { host, priority } = vip.members[member] ?? vip.members[0];
    return bound(cause, { vip, vrrp, successor: host, priority }).outageMs;
  };
  expect(of('stop', 1)).toBeCloseTo(6.25);
  expect(of('crash', 1)).toBeCloseTo(306.25);
  expect(of('nginx', 1)).toBeCloseTo(2006.25);
  expect(of('hang', 1)).toBeCloseTo(5006.25);
  expect(of('crash', 2) - of('crash', 1)).toBeGreaterThan(15);
});

test.each([['default'], ['documented']])('%s and other values are left alone', (profile) => {
  expect(withProfile({ profile, version: 2 })).toEqual({ profile, version: 2 });
});
test.each([null, undefined])('a section that is %s', (value) => expect(withProfile(value)).toEqual({}));
test.each(['text', [1], 7])('%j is for the schema to refuse', (value) => {
  expect(withProfile(value)).toEqual(value);
});

test.each([
  ['version 2', '{profile: fast, version: 2}', '{}', /the fast profile needs VRRP version 3/],
  ['adverts of a second', '{profile: fast, advert_int: 1}', '{}', /has adverts of less than a second/],
  [
    'a password',
    '{profile: fast, auth_pass: "env:X:-1"}',
    '{}',
    /no authentication = Remove auth_pass: the fast/,
  ],
  ['an old keepalived', '{profile: fast}', '{version: 1.4.5}', /needs keepalived 2.0.0 or later, not 1.4.5/],
  ['a check that is no map', '{profile: fast, check: 5}', '{}', /check/],
])('refused: %s', (_what, vrrp, keepalived, message) => {
  expect(problems(inventory(vrrp, keepalived)).join('\n')).toMatch(message);
});
