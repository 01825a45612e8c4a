import { describe, expect, test } from 'vitest';
import { claimsOn, foreignAdverts, isSuspicious, judgeWire, refuseTaken } from '../../src/check/wire.ts';
import type { Advert, HostFacts } from '../../src/model/facts.ts';
import { exampleInventory } from '../fakes/example.ts';
import { bareFacts } from '../fakes/host.ts';

const [first, second] = exampleInventory().vips;
if (first === undefined || second === undefined) throw new Error('the example has two VIPs');
const entry = '/etc/keepalived/keepalived.conf';
const address = first.address.address;

/** A member; its own address is 192.168.160.136 or .137. */
const host = (name: string, more: Partial<HostFacts> = {}, ...held: string[]): HostFacts =>
  bareFacts(name, {
    interfaces: [
      {
        name: 'ens33',
        up: true,
        addresses: [`192.168.160.${name.slice(-3)}/24`, ...held.map((one) => `${one}/32`)],
      },
    ],
    ...more,
  });
const advert = (from: string, more: Partial<Advert> = {}): Advert => ({
  from,
  version: 2,
  virtualRouterId: first.virtualRouterId,
  priority: 254,
  addresses: [address],
  ...more,
});
const wire = (adverts: readonly Advert[], macs: readonly string[] = [], deaf = false) => ({
  wire: { adverts, claims: macs.map((mac) => ({ address, interface: 'ens33', mac })), deaf },
});
const pair = (one: HostFacts | null, two: HostFacts | null) =>
  new Map([
    ['keep_136', one],
    ['keep_137', two],
  ]);
const stranger = '192.168.160.200';

describe('a reason to listen', () => {
  const holder = host('keep_136', {}, address);
  const saying = (...complaints: string[]) => pair(holder, host('keep_137', { complaints }));
  test.each([
    ['none', saying(), false],
    ['the VIP is with nobody', pair(host('keep_136'), host('keep_137')), true],
    ['nobody, but a member was not reached', pair(host('keep_136'), null), false],
    [
      'with a host that is no member any more',
      pair(host('keep_136'), host('keep_137')).set('old', host('old_138', {}, address)),
      false,
    ],
    [
      'adverts with other VIPs',
      saying(`(VI_1) ip address associated with VRID 51 not present in MASTER advert: ${address}`),
      true,
    ],
    ['the same of another VIP', saying('(VI_2) received a 0 auth, expecting 1!'), false],
    ['an old keepalived, that names no instance', saying('bogus VRRP packet received on ens33 !!!'), true],
    [
      'a move between members',
      saying('(VI_1) Master received advert from 192.168.160.136 with higher priority 100, ours 80'),
      false,
    ],
    [
      'a move to a stranger',
      saying(`(VI_1) Master received advert from ${stranger} with higher priority 254, ours 100`),
      true,
    ],
  ])('%s', (_, facts, expected) => {
    expect(isSuspicious(first, facts)).toBe(expected);
  });
});

describe('foreign adverts', () => {
  test('are those for its VRID by who is no member', () => {
    const heard = [
      advert(stranger),
      advert('192.168.160.137'),
      advert('192.168.160.201', { virtualRouterId: 99 }),
    ];
    const facts = pair(host('keep_136', wire(heard), address), host('keep_137', wire([advert(stranger)])));
    expect(foreignAdverts(first, facts)).toEqual([advert(stranger)]);
    expect(foreignAdverts(second, facts)).toEqual([]);
    expect(judgeWire(first, facts)).toMatchObject([
      {
        check: 'foreign-vrrp',
        level: 'warn',
        message: `${stranger} sends adverts with VRID 51 and priority 254 for ${address}, and is no member`,
      },
    ]);
  });

  test('are never those of a member that was not reached', () => {
    expect(foreignAdverts(first, pair(host('keep_136', wire([advert(stranger)]), address), null))).toEqual(
      [],
    );
  });

  test('fail where they have taken the VIP', () => {
    const facts = pair(host('keep_136', wire([advert(stranger)], ['02:00:00:00:00:01'])), host('keep_137'));
    expect(judgeWire(first, facts).map(({ check, level }) => [check, level])).toEqual([
      ['foreign-vrrp', 'fail'],
      ['address-in-use', 'fail'],
    ]);
  });

  test('of which a host without Python and Perl only knows what keepalived says are told so', () => {
    const complaints = ['(VI_1) received a 0 auth, expecting 1!'];
    const facts = pair(host('keep_136', { ...wire([], [], true), complaints }, address), host('keep_137'));
    expect(judgeWire(first, facts)).toMatchObject([{ level: 'warn', host: 'keep_136' }]);
    expect(judgeWire(first, facts)[0]?.message).toMatch(
      /refuses adverts with its VRID: \(VI_1\) received a 0 auth/,
    );
  });
});

describe('a VIP that somebody else answers for', () => {
  const mac = '02:00:00:00:00:01';
  const conf = (text: string) => ({
    files: { [entry]: { state: 'present' as const, sha256: '', mode: 0o600, owner: 'root:root', text } },
  });

  test('is refused where it is new', () => {
    const facts = pair(host('keep_136', wire([], [mac])), host('keep_137'));
    expect(() => refuseTaken([first, second], facts, entry)).toThrow(/in use by another machine/);
  });

  test.each([
    ['a member has it', pair(host('keep_136', wire([], [mac])), host('keep_137', {}, address))],
    [
      'it was brought there before',
      pair(
        host('keep_136', {
          ...wire([], [mac]),
          ...conf(`virtual_ipaddress {\n  ${address}/32 dev ens33\n}`),
        }),
        host('keep_137'),
      ),
    ],
    ['nobody answers', pair(host('keep_136', wire([])), host('keep_137'))],
  ])('is none of the plan where %s', (_, facts) => {
    expect(() => refuseTaken([first, second], facts, entry)).not.toThrow();
  });

  test('and one that has it as a part of its text only is new', () => {
    const other = conf('virtual_ipaddress {\n  192.168.160.161\n}');
    const tens = { ...first, address: { address: '192.168.160.16', prefix: null } };
    const claims = [{ address: '192.168.160.16', interface: 'ens33', mac }];
    const facts = pair(
      host('keep_136', { ...other, wire: { adverts: [], claims, deaf: false } }),
      host('keep_137'),
    );
    expect(claimsOn(tens, facts)).toHaveLength(1);
    expect(() => refuseTaken([tens], facts, entry)).toThrow(/in use/);
  });
});
