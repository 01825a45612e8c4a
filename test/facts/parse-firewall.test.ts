import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { hostScript } from '../../src/base/host-script.ts';
import { firewallArguments, parseFirewall } from '../../src/facts/parse-firewall.ts';
import { type FirewallFacts, ruleWords } from '../../src/model/firewall-rules.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

/** Rules in one line each. */
const told = (facts: FirewallFacts | null): readonly string[] =>
  (facts?.rules ?? []).map(({ at, rule }) => `${at}: ${ruleWords(rule)}`);
const records = (lines: readonly string[]): string[][] => lines.map((line) => line.split(' '));

describe('what was printed', () => {
  test('nothing is no firewall', () => expect(parseFirewall([])).toBeNull());

  test('chains that drop are those of nftables', () => {
    const facts = parseFirewall([
      ['place', 'inet house input', 'in'],
      ['place', 'inet house output', 'out'],
      ['rule', 'inet house input', 'tcp 80'],
      ['rule', 'inet house input', 'whatever'],
    ]);
    expect(facts).toMatchObject({ tool: 'nftables', active: true, others: [] });
    expect(facts?.places.map(({ at, way }) => `${at} ${way}`)).toEqual([
      'inet house input in',
      'inet house output out',
    ]);
    expect(told(facts)).toEqual(['inet house input: tcp 80']);
  });

  test('one that nobody knows is told once, and is no tool', () => {
    expect(parseFirewall(records(['other iptables', 'other iptables']))).toEqual({
      tool: null,
      active: true,
      places: [],
      rules: [],
      others: ['iptables'],
    });
  });

  test('one that is off is told of with what haup has there', () => {
    const facts = parseFirewall([
      ['tool', 'ufw', 'idle'],
      ['rule', 'incoming', 'tcp 80'],
    ]);
    expect([facts?.active, told(facts)]).toEqual([false, ['incoming: tcp 80']]);
  });

  describe('of firewalld', () => {
    const zone = `<zone>
  <service name="ssh"/>
  <service name="haup-nginx"/>
  <rule family="ipv4"><source address="10.0.0.2"/><destination address="224.0.0.18"/><service name="haup-vrrp"/><accept/></rule>
  <rule family="ipv4"><source address="10.0.0.7"/><service name="http"/><accept/></rule>
</zone>`;
    const ports = '<service><port port="80" protocol="tcp"/><port protocol="tcp" port="8080"/></service>';
    const vrrp = 'rule family=\\"ipv4\\" source address=\\"10.0.0.2\\" destination address=\\"224.0.0.18\\"';
    const facts = (services: string, rules: string): FirewallFacts | null =>
      parseFirewall([
        ['tool', 'firewalld', 'active'],
        ['zone', '', 'public'],
        ['zone', 'ens33', 'dmz'],
        ['runtime', 'public', `as 1 "ssh"`, 'as 0'],
        ['runtime', 'dmz', services, rules],
        ...zone.split('\n').map((line) => ['permanent', 'dmz', line]),
        ['ports', ports],
      ]);
    const all = ['dmz: vrrp 10.0.0.2 224.0.0.18', 'dmz: tcp 80', 'dmz: tcp 8080'];

    test('zones of interfaces', () =>
      expect(facts('as 0', 'as 0')?.places).toEqual([
        { at: 'public', way: 'in', interface: '' },
        { at: 'dmz', way: 'in', interface: 'ens33' },
      ]));

    test('by their names', () =>
      expect(
        told(facts('as 2 "ssh" "haup-nginx"', `as 1 "${vrrp} service name=\\"haup-vrrp\\" accept"`)),
      ).toEqual(all));

    test('without them, until it is reloaded', () => {
      const port = (n: number): string =>
        `"rule family=\\"ipv4\\" port port=\\"${n}\\" protocol=\\"tcp\\" accept"`;
      const plain = `"${vrrp} protocol value=\\"112\\" accept"`;
      expect(told(facts('as 1 "ssh"', `as 3 ${port(80)} ${plain} ${port(8080)}`))).toEqual(all);
      expect(told(facts('as 1 "ssh"', `as 1 ${port(80)}`))).toEqual(['dmz: tcp 80']);
    });

    test('that were taken away for now are not in force', () =>
      expect(told(facts('as 1 "ssh"', 'as 0'))).toEqual([]));
  });
});

describe('the script in a real sh', () => {
  let bin: string;
  beforeEach(() => {
    bin = scratchDirectory();
    mkdirSync(join(bin, 'bin'));
  });
  const program = (name: string, text: string): void => {
    putProgram(join(bin, 'bin', name), text);
  };
  /** With the programs of this test, and of the machine's only those that every host has. */
  const run = (): FirewallFacts | null => {
    for (const name of ['grep', 'sed', 'awk', 'cat']) program(name, `PATH=/usr/bin:/bin exec ${name} "$@"`);
    const output = execFileSync('/bin/sh', ['-c', hostScript('facts-firewall', firewallArguments)], {
      env: { PATH: join(bin, 'bin') },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = output.split('\n').filter((line) => line !== '');
    expect(lines.every((line) => line.startsWith('firewall\t'))).toBe(true);
    return parseFirewall(lines.map((line) => line.split('\t').slice(1)));
  };
  const ruleset = `table inet house {
	chain input { # handle 1
		type filter hook input priority filter; policy drop;
		iif "lo" accept # handle 3
	}
}
table inet firewalld {
	chain filter_INPUT { # handle 1
		type filter hook input priority filter + 10; policy accept;
		reject with icmpx admin-prohibited # handle 9
	}
}`;
  const says = (text: string): string => `cat <<'END'\n${text}\nEND`;

  test('where nothing is installed there is nothing', () => expect(run()).toBeNull());

  test('chains of nftables', () => {
    program('nft', says(ruleset.replace(/table inet firewalld[^]*/, '')));
    expect(run()).toMatchObject({ tool: 'nftables', places: [{ at: 'inet house input', way: 'in' }] });
  });

  test('what firewalld has left behind is not for haup to open', () => {
    program('nft', says(ruleset.replace(/^[^]*(?=table inet firewalld)/, '')));
    expect(run()).toMatchObject({ tool: null, others: ['the table that firewalld has left'] });
  });

  test('firewalld, asked for the zones that are in use, and a chain beside it', () => {
    program('firewall-cmd', 'exit 1');
    program('systemctl', '[ "$3" = firewalld.service ]');
    program('nft', says(ruleset));
    program(
      'busctl',
      `case $* in *getDefaultZone) echo 's "public"' ;; *getZoneOfInterface*) echo 's ""' ;; *getServices*) echo 'as 1 "ssh"' ;; *) echo 'as 0' ;; esac`,
    );
    expect(run()).toEqual({
      tool: 'firewalld',
      active: true,
      places: [{ at: 'public', way: 'in', interface: '' }],
      rules: [],
      others: ['inet house input'],
    });
  });

  test('firewalld with chains of iptables beside its own table', () => {
    program('firewall-cmd', 'exit 1');
    program('systemctl', 'exit 0');
    program('busctl', "echo 'as 0'");
    const tables = ruleset.replace('inet house', 'ip filter').replace('chain input', 'chain INPUT');
    program('nft', says(tables));
    expect(run()).toMatchObject({ tool: 'firewalld', others: ['iptables'] });
    program('nft', says(tables.replace(/table inet firewalld[^]*/, '')));
    expect(run()).toMatchObject({ tool: 'firewalld', others: [] });
  });

  test('iptables, where there is no nft to see its chains', () => {
    program(
      'iptables',
      `case $1 in -V) echo 'iptables v1.8.9 (nf_tables)' ;; -S) echo "-P $2 ACCEPT"; echo "-A $2 -i lo -j ACCEPT"; [ $2 = OUTPUT ] || echo "-A $2 -j REJECT --reject-with icmp-host-prohibited" ;; esac`,
    );
    expect(run()).toMatchObject({ tool: null, active: true, others: ['iptables'] });
    program(
      'iptables',
      `case $1 in -V) echo 'iptables v1.8.9 (nf_tables)' ;; -S) echo "-P $2 ACCEPT" ;; esac`,
    );
    expect(run()).toBeNull();
  });
});
