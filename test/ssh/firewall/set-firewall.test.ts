import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FirewallTool, PlacedRule } from '../../../src/model/firewall-rules.ts';
import { setFirewall } from '../../../src/ssh/firewall/set-firewall.ts';
import { quote } from '../../../src/base/quote.ts';
import { shells } from '../../shells.ts';
import { putProgram, scratchDirectory } from '../../scratch.ts';

const script = (tool: FirewallTool, rules: readonly PlacedRule[]): string =>
  setFirewall({ do: 'firewall', tool, rules }).script;
const tools = ['firewalld', 'ufw', 'nftables'] as const;
const some = (at: string): readonly PlacedRule[] => [
  { at, rule: { kind: 'vrrp', from: '10.0.0.2', to: '224.0.0.18' } },
  { at, rule: { kind: 'vrrp', from: '10.0.0.3', to: null } },
  { at, rule: { kind: 'tcp', port: 80 } },
  { at, rule: { kind: 'tcp', port: 443 } },
  { at, rule: { kind: 'ask', vip: '10.0.0.9', port: 80 } },
];

describe.each(tools)('%s', (tool) => {
  test.each([
    ['opened', some('public')],
    ['opened for adverts alone', some('incoming').slice(0, 1)],
    ['opened on the way out', some('outgoing')],
    ['closed', []],
  ])('%s: sh can read it', (_name, rules) => {
    execFileSync('/bin/sh', ['-n'], { input: script(tool, rules) });
  });

  test('it is never stopped, flushed or loaded anew, and nothing of another is removed', () => {
    for (const rules of [some('public'), []]) {
      expect(script(tool, rules)).not.toMatch(
        /--reload|--complete-reload|flush|ufw (?:--force )?(?:reload|disable|reset)|systemctl (?:stop|restart|mask)|iptables[^\n]* -[FXPZ]\b/,
      );
    }
  });
});

describe.each(shells)('by %s', (_shell, program, args) => {
  test.each([
    [
      'ufw',
      'removed',
      { 'ufw/user.rules': '### tuple ### allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 haup-nginx-80 - in\n' },
    ],
    ['ufw', 'purged', {}],
    ['nftables', 'removed', { 'libexec/haup-firewall': '#!/bin/sh\nexec nft -f -\n' }],
  ] as const)('%s that was %s since it was opened is closed without an error', (tool, _how, files) => {
    const root = scratchDirectory();
    for (const directory of ['ufw/applications.d', 'libexec', 'state/record'])
      mkdirSync(join(root, directory), { recursive: true });
    for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text, { mode: 0o755 });
    const text = script(tool, [])
      .replaceAll('/etc/ufw', `${root}/ufw`)
      .replaceAll('/var/lib/haup', `${root}/state`)
      .replaceAll('/usr/libexec', `${root}/libexec`)
      .replaceAll('/etc/systemd', `${root}/systemd`);
    execFileSync(program, args, { input: text, env: { PATH: '/usr/bin:/bin' } });
  });

  test('the name of a zone is a word, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'binary' }).filter((text) => !/[\0\n]/.test(text)),
        (zone) => {
          const text = script('firewalld', some(zone));
          expect(text).toContain(`zones=${quote(zone)}\n`);
          execFileSync(program, [...args, '-n'], { input: text });
        },
      ),
      { numRuns: 50 },
    );
  });

  describe("in ufw's own file", () => {
    /** As ufw opens or closes a host that has this file, and no rules in force. */
    const edit = (rules: readonly PlacedRule[], text: string): string => {
      const root = scratchDirectory();
      for (const directory of ['ufw/applications.d', 'bin', 'state'])
        mkdirSync(join(root, directory), { recursive: true });
      putProgram(join(root, 'bin/ufw'), '');
      writeFileSync(join(root, 'ufw/before.rules'), text);
      const moved = script('ufw', rules)
        .replaceAll('/etc/ufw', `${root}/ufw`)
        .replaceAll('/var/lib/haup', `${root}/state`);
      execFileSync(program, args, { input: moved, env: { PATH: `${root}/bin:/usr/bin:/bin` } });
      return readFileSync(join(root, 'ufw/before.rules'), 'utf8');
    };
    const theirs =
      '*nat\nCOMMIT\n*filter\n:ufw-before-input - [0:0]\n-A ufw-before-input -i lo -j ACCEPT\nCOMMIT\n';

    test('the block stands before the end of the filter table, and says what it is', () => {
      expect(edit(some('incoming'), theirs)).toBe(
        theirs.replace(
          'ACCEPT\nCOMMIT\n',
          `ACCEPT
# haup: adverts of the other hosts
-A ufw-before-input -s 10.0.0.2 -d 224.0.0.18 -p 112 -m comment --comment "haup vrrp 10.0.0.2 224.0.0.18" -j ACCEPT
-A ufw-before-input -s 10.0.0.3 -p 112 -m comment --comment "haup vrrp 10.0.0.3" -j ACCEPT
-A ufw-before-input -d 10.0.0.9 -p tcp --dport 80 -m comment --comment "haup ask 10.0.0.9 80" -j ACCEPT
# haup ends
COMMIT
`,
        ),
      );
    });

    test('on the way out adverts go where the others listen', () => {
      expect(edit(some('outgoing').slice(0, 2), theirs)).toContain(
        '-A ufw-before-output -d 224.0.0.18 -p 112 -m comment --comment "haup vrrp 10.0.0.2 224.0.0.18" -j ACCEPT\n-A ufw-before-output -d 10.0.0.3 -p 112 ',
      );
    });

    test('it is replaced, and without rules it goes: the file is as it was, to the byte', () => {
      const opened = edit(some('incoming'), theirs);
      expect(edit(some('incoming'), opened)).toBe(opened);
      expect(edit([], opened)).toBe(theirs);
    });
  });
});
