import { describe, expect, test } from 'vitest';
import { HaupError } from '../../../src/model/errors.ts';
import { jumpsToItself, parseJumpHosts } from '../../../src/ssh/login/jump.ts';

describe('parseJumpHosts', () => {
  test.each([
    ['bastion', [{ user: null, address: 'bastion', port: null }]],
    ['ops@bastion:2222', [{ user: 'ops', address: 'bastion', port: 2222 }]],
    [
      'a, b@c',
      [
        { user: null, address: 'a', port: null },
        { user: 'b', address: 'c', port: null },
      ],
    ],
    ['[2001:db8::1]:22', [{ user: null, address: '2001:db8::1', port: 22 }]],
    ['ops@[2001:db8::1]', [{ user: 'ops', address: '2001:db8::1', port: null }]],
    ['ssh://ops@bastion:22', [{ user: 'ops', address: 'bastion', port: 22 }]],
    ['name@domain@bastion', [{ user: 'name@domain', address: 'bastion', port: null }]],
    ['none', []],
  ])('%s', (text, hosts) => expect(parseJumpHosts(text, 'keep_136')).toEqual(hosts));

  test.each(['', 'a,,b', '-oProxyCommand=x', 'a b', 'a:b:c:zz'])('%j is refused', (text) => {
    expect(() => parseJumpHosts(text, 'keep_136')).toThrow(HaupError);
  });
});

test.each([
  ['bastion', null, true],
  ['BASTION', 22, true],
  ['192.0.2.1', null, true],
  ['bastion', 2222, false],
  ['other', null, false],
])('a wildcard that names %s:%s for itself: %s', (address, port, itself) => {
  const target = { address: 'bastion', hostname: '192.0.2.1', port: 22 };
  expect(jumpsToItself({ user: null, address, port }, target)).toBe(itself);
});
