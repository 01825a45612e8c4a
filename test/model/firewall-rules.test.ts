import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FirewallRule, richRule, ruleOf, ruleWords, vrrpGroup } from '../../src/model/firewall-rules.ts';
import { hostScript } from '../../src/base/host-script.ts';

const awkOf = (name: 'nft_chains' | 'nft_match'): string =>
  execFileSync('/bin/sh', ['-c', `${hostScript('nft-chains')}printf %s "$${name}"`], { encoding: 'utf8' });
const nftChains = awkOf('nft_chains');
const nftMatch = awkOf('nft_match');

const port = fc.integer({ min: 1, max: 65535 });
const rule = fc.oneof(
  fc.record({ kind: fc.constant('vrrp'), from: fc.ipV4(), to: fc.constantFrom(null, vrrpGroup) }),
  fc.record({ kind: fc.constant('tcp'), port }),
  fc.record({ kind: fc.constant('ask'), vip: fc.ipV4(), port }),
) as fc.Arbitrary<FirewallRule>;

describe('the words of a rule', () => {
  test('are read back as they were written, whatever the rule is', () => {
    fc.assert(
      fc.property(rule, (one) => {
        expect(ruleOf(ruleWords(one))).toEqual(one);
      }),
    );
  });

  test.each([
    'tcp',
    'tcp 80 81',
    'tcp 123456',
    'tcp 80\n',
    'vrrp any',
    'vrrp 10.0.0.1 10.0.0.2',
    'ask 10.0.0.1',
    'udp 53',
    'tcp 80; drop',
  ])('%j is none', (words) => expect(ruleOf(words)).toBeNull());
});

test('in firewalld it has the names that haup defines, and without them says the same', () => {
  const multicast = { kind: 'vrrp', from: '10.0.0.2', to: vrrpGroup } as const;
  expect(richRule(multicast, 'named')).toBe(
    'rule family="ipv4" source address="10.0.0.2" destination address="224.0.0.18" service name="haup-vrrp" accept',
  );
  expect(richRule({ ...multicast, to: null }, 'plain')).toBe(
    'rule family="ipv4" source address="10.0.0.2" protocol value="112" accept',
  );
});

// ── chains ──────────────────────────────────────────────────────────────────────────────────────

const chain = (...lines: readonly string[]): string =>
  `table inet house { # handle 1
	set known { # handle 2
		type ipv4_addr
		elements = { 10.0.0.1, 10.0.0.2,
			     10.0.0.3 }
	}

	chain dropping { # handle 3
		ip saddr 10.0.0.9 accept # handle 4
		counter packets 3 bytes 120 drop # handle 5
	}

	chain passing { # handle 6
		tcp dport 23 drop # handle 7
	}

	chain one { # handle 8
${lines.map((line) => `\t\t${line}`).join('\n')}
	}
}
`;
const awk = (program: string, input: string, ...more: readonly string[]): string =>
  execFileSync('/usr/bin/awk', [...more, `${nftChains}END { ${program} }`], { input, encoding: 'utf8' });
const found = (ruleset: string): string =>
  awk(
    'for (i = 1; i <= count; i++) { k = keys[i]; if (blocks(k)) print k, hook[k], ends(k, 0) ? final[k] : "-", foreign(k) }',
    ruleset,
  );

describe('a chain of nftables that drops the unknown', () => {
  const input = 'type filter hook input priority filter; policy accept;';
  const handle = ' # handle 9';
  test.each([
    ['by its policy', ['type filter hook input priority 0; policy drop;'], 'input -'],
    ['on the way out', ['type filter hook output priority filter; policy drop;'], 'output -'],
    ['by its last rule', [input, `iif "lo" accept # handle 7`, `drop${handle}`], 'input 9'],
    [
      'and counts',
      [input, `counter packets 0 bytes 0 reject with icmpx admin-prohibited${handle}`],
      'input 9',
    ],
    ['and logs', [input, `log prefix "no: " level warn drop${handle}`], 'input 9'],
    ['and says why', [input, `drop comment "the rest"${handle}`], 'input 9'],
    ['by a target of iptables', [input, `counter packets 0 bytes 0 xt target "REJECT"${handle}`], 'input 9'],
    ['by a chain that it goes to', [input, `jump dropping${handle}`], 'input 9'],
    ['with a comment of its own', ['comment "the way in"', input, `goto dropping${handle}`], 'input 9'],
    [
      'whatever haup has added to it',
      [input, `drop${handle}`, 'tcp dport 80 accept comment "haup tcp 80" # handle 10'],
      'input 9',
    ],
  ])('%s', (_name, lines, how) => expect(found(chain(...lines))).toBe(`inet house one ${how} 0\n`));

  test.each([
    ['passes the rest', [input, `tcp dport 23 drop${handle}`]],
    ['goes to a chain that does', [input, `jump passing${handle}`]],
    ['goes in a circle', [input, `jump one${handle}`]],
    ['goes to a chain that is not there', [input, `jump gone${handle}`]],
    ['is on another way', ['type filter hook forward priority filter; policy drop;']],
    ['is no filter', ['type nat hook input priority filter; policy drop;']],
    ['has no hook', [`drop${handle}`]],
  ])('is none that %s', (_name, lines) => expect(found(chain(...lines))).toBe(''));

  test('of iptables or firewalld is told from others', () => {
    const text = chain('type filter hook input priority filter; policy drop;');
    const named = (table: string, name: string): string =>
      found(text.replace('inet house', table).replace('chain one', `chain ${name}`));
    expect(named('ip filter', 'INPUT')).toBe('ip filter INPUT input - 1\n');
    expect(named('inet firewalld', 'filter_INPUT')).toBe('inet firewalld filter_INPUT input - 1\n');
    expect(named('inet filter', 'input')).toBe('inet filter input input - 0\n');
    expect(named('ip6 filter', 'INPUT')).toBe('');
  });

  test("tells haup's rules there, and nobody else's", () => {
    const text = chain(
      input,
      'tcp dport 80 accept comment "haup tcp 80" # handle 9',
      'tcp dport 81 accept comment "not haup tcp 81" # handle 10',
      'ip saddr 10.0.0.2 ip protocol vrrp accept comment "haup vrrp 10.0.0.2 224.0.0.18" # handle 11',
    );
    const key = '"inet house one"';
    expect(awk(`for (n = 1; n <= own[${key}]; n++) print texts[${key}, n], handles[${key}, n]`, text)).toBe(
      'tcp 80 9\nvrrp 10.0.0.2 224.0.0.18 11\n',
    );
  });
});

test.each([
  ['tcp 80', 'tcp dport 80', 'tcp sport 80 ct state established'],
  ['vrrp 10.0.0.2', 'ip saddr 10.0.0.2 ip protocol 112', 'ip daddr 10.0.0.2 ip protocol 112'],
  [
    'vrrp 10.0.0.2 224.0.0.18',
    'ip saddr 10.0.0.2 ip daddr 224.0.0.18 ip protocol 112',
    'ip daddr 224.0.0.18 ip protocol 112',
  ],
  ['ask 10.0.0.9 80', '', 'ip daddr 10.0.0.9 tcp dport 80'],
  ['', '', ''],
])('%j lets in %j and out %j', (words, inwards, outwards) => {
  const program = `${nftMatch}BEGIN { print match_of(w, "input"); print match_of(w, "output") }`;
  expect(execFileSync('/usr/bin/awk', ['-v', `w=${words}`, program], { encoding: 'utf8' })).toBe(
    `${inwards}\n${outwards}\n`,
  );
});
