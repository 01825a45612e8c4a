import { expect, test } from 'vitest';
import { least, problems, refusal } from './reading.ts';
import { hangMs } from '../limits.ts';

const cases: readonly [what: string, text: string, expected: readonly (string | RegExp)[]][] = [
  ['an empty file', '', [/^1:1 the inventory is empty = An inventory needs hosts and vips/]],
  ['nothing but comments', '# haup\n', [/^1:1 the inventory is empty/]],
  ['a list', '- a\n', [/^1:1 the inventory needs a map of hosts, vips, .*; this is a list of 1$/]],
  ['plain text', 'ho ho\n', [/^1:1 the inventory needs a map .*; this is "ho ho"$/]],
  [
    'missing parts',
    'vrrp: {}\n',
    [/^1:1 hosts is missing: it needs a map of/, /^1:1 vips is missing: it needs a list/],
  ],
  [
    'parts without a value',
    'hosts:\nvips:\n',
    [/^1:1 hosts: .*; this is empty = Give it/, /^2:1 vips: .*; this is empty = Give/],
  ],
  ['a tab', 'hosts:\n\ta: {}\n', ['2:1 this line is indented with a tab = YAML allows only spaces.']],
  [
    'an open bracket',
    'hosts: {a: }\nvips: [{address: 10.0.0.9\n',
    [/^3:1 a { has no } = Close it/, /^3:1 a \[ has no \] = Close it/],
  ],
  [
    'a key twice',
    least('vrrp: {}\nvrrp: {}\n'),
    ['4:1 this key appears twice in one map = Keep one of the two.'],
  ],
  ['two documents', least('---\na: 1\n'), [/^3:1 a second document begins here/]],
  [
    'an unknown tag',
    least('vrrp: {auth_pass: !vault env:A}\n'),
    [/^3:19 this tag is unknown = Secrets are references/],
  ],
  ['an unknown key', least('vrpp: {}\n'), ['3:1 vrpp is not a key of the inventory = Did you mean vrrp?']],
  [
    'a dash for an underscore',
    least('vrrp: {auth-pass: env:A}\n'),
    [/^3:8 vrrp\.auth-pass .* = Did you mean auth_pass\?$/],
  ],
  ['swapped letters', least('vrrp: {adevrt_int: 1}\n'), [/ = Did you mean advert_int\?$/]],
  [
    'a key of another place',
    least('auth_pass: env:A\n'),
    [/^3:1 auth_pass .* = Did you mean vrrp\.auth_pass\?$/],
  ],
  [
    'a key like none',
    least('vrrp: {zzz: 1}\n'),
    [/ = Keys here: version, advert_int, .*; x-… is free for your own use\.$/],
  ],
  [
    'a VRID out of range',
    'hosts: {a: , b: }\nvips:\n  - address: 10.0.0.9\n    hosts: [a, b]\n    virtual_router_id: 256\n',
    [
      '5:24 vips[0].virtual_router_id: needs a VRID that no other VIP on the network uses, from 1 to 255; this is the number 256',
    ],
  ],
  [
    'text for a number',
    least('vrrp: {preempt_delay: "5"}\n'),
    [/^3:23 .* needs seconds .*, from 0 to 1000; this is "5" = Write it without quotes\.$/],
  ],
  ['a fraction for a whole number', least('vrrp: {preempt_delay: 1.5}\n'), [/; this is the number 1\.5$/]],
  [
    'a number for text',
    least('hosts2: 1\n').replace('address: 10.0.0.1', 'interface: 1'),
    [/^1:24 hosts\.a\.interface: .*; this is the number 1 = Write it in quotes\.$/, /^3:1 /],
  ],
  [
    'a number that quotes would not fix',
    least('nginx: {version: 1.2}\n'),
    ['3:18 nginx.version: needs the version of nginx, like 1.20.1; this is the number 1.2'],
  ],
  [
    'yes for true',
    least('vrrp: {unicast: yes}\n'),
    [
      '3:17 vrrp.unicast: needs true or false; this is "yes" = YAML 1.2 has only true and false as booleans; write true.',
    ],
  ],
  [
    'a value for a list',
    least('nginx: {urls: https://example.org/x}\n'),
    [/^3:15 .*; this is "https:.*" = Write it as a list: \[https:\/\/example\.org\/x\]\.$/],
  ],
  [
    'a host pasted from Ansible',
    `hosts:
  a:
    ansible_ssh_host: 10.0.0.1
    ansible_ssh_user: ops
    ansible_ssh_private_key_file: ~/.ssh/id
    ansible_become: true
    ansible_become_pass: hunter2
    ansible_connection: ssh
    ansible_python_interpreter: /usr/bin/python3
    ansible_ssh_common_args: -o ProxyJump=b
    ansible_facts: {}
  b:
vips: [{address: 10.0.0.9, hosts: [a, b]}]
`,
    [
      '3:5 hosts.a.ansible_ssh_host is an Ansible variable = Write it as address.',
      '4:5 hosts.a.ansible_ssh_user is an Ansible variable = Write it as ssh.user.',
      '5:5 hosts.a.ansible_ssh_private_key_file is an Ansible variable = Write it as ssh.identity_file.',
      '6:5 hosts.a.ansible_become is an Ansible variable = Remove it: haup uses sudo where the login is not root.',
      /^7:5 hosts\.a\.ansible_become_pass .* = Write it as ssh\.sudo_password: a reference, env:NAME/,
      /^8:5 hosts\.a\.ansible_connection .* = Remove it: haup runs sh over SSH/,
      /^9:5 hosts\.a\.ansible_python_interpreter .* = Remove it: haup runs sh over SSH/,
      /^10:5 hosts\.a\.ansible_ssh_common_args .* = Remove it: haup reads ssh options from ~\/\.ssh\/config/,
      /^11:5 hosts\.a\.ansible_facts .* = Remove it: haup knows ansible_host, ansible_port and ansible_user only/,
    ],
  ],
  ['a list for a map', least('vrrp: [1]\n'), ['3:7 vrrp: needs the settings of VRRP; this is a list of 1']],
  [
    'hosts as a list',
    'hosts: [a, b]\nvips: [{address: 10.0.0.9, hosts: [a, b]}]\n',
    ['1:8 hosts: needs a map of host names to hosts; this is a list of 2'],
  ],
  [
    'another word than these',
    least('nginx: {from: src}\n'),
    [/^3:15 nginx\.from: needs source \(.*; this is "src"$/],
  ],
  [
    '--prefix among the options',
    least('nginx: {configure: [--prefix=/x]}\n'),
    ['3:21 nginx.configure[0] has "--prefix=/x": use the key prefix'],
  ],
  [
    '--prefix in the line of a published build',
    least('nginx: {configure: "--prefix=/etc/nginx --with-debug"}\n'),
    ['3:20 nginx.configure has "--prefix=/etc/nginx": use the key prefix'],
  ],
  [
    'a quote that nothing closes',
    least('nginx: {configure: ["--with-cc-opt=\'-O2"]}\n'),
    ["3:21 nginx.configure[0] has a ' that nothing closes"],
  ],
  [
    'what only a shell could put in',
    least('nginx: {configure: "--with-ld-opt=-L$HOME/lib"}\n'),
    [/^3:20 nginx\.configure has "--with-ld-opt=-L\$HOME\/lib": haup does not expand \$/],
  ],
  [
    'another word than an option',
    least('keepalived: {configure: "CFLAGS=-O2 --disable-lvs"}\n'),
    [/^3:25 keepalived\.configure needs an option for \.\/configure, .*; this is "CFLAGS=-O2"$/],
  ],
  [
    "a value with a character that is no option's",
    least('nginx: {configure: [--with-cc-opt=-O2;id]}\n'),
    [
      /^3:21 nginx\.configure\[0\] needs an option .*; this is "--with-cc-opt=-O2;id", and haup allows no ";" in options$/,
    ],
  ],
  [
    'an IPv6 VIP',
    least().replace('10.0.0.9', '"fd00::9"'),
    ['2:18 vips[0].address is an IPv6 address; haup manages IPv4 VIPs only'],
  ],
  [
    'an IPv6 VIP with its prefix and more',
    least().replace('10.0.0.9', '"fd00::9/64 dev eth0"'),
    ['2:18 vips[0].address is an IPv6 address; haup manages IPv4 VIPs only'],
  ],
  [
    "a line of keepalived's virtual_ipaddress",
    least().replace('10.0.0.9', '"192.0.2.100/24 dev eth0 label eth0:1"'),
    [
      '2:18 vips[0].address is a line from keepalived.conf: only the address 192.0.2.100 goes here = Write address: 192.0.2.100/24, interface: eth0. haup does not set label.',
    ],
  ],
  [
    'another one, without an interface',
    least().replace('10.0.0.9', '"192.0.2.100/24 brd 192.0.2.255 scope global"'),
    [/ = Write address: 192\.0\.2\.100\/24\. haup does not set brd or scope\.$/],
  ],
  [
    'a VIP that is no address',
    least().replace('10.0.0.9', '10.0.0.256'),
    [/^2:18 vips\[0\]\.address: needs an IPv4 address/],
  ],
  [
    'a literal secret',
    least('vrrp: {auth_pass: hunter2}\n'),
    [
      /^3:19 vrrp\.auth_pass: needs a reference to .*, never the secret itself = Write auth_pass: env:HAUP_AUTH_PASS and set HAUP_AUTH_PASS in the environment\.$/,
    ],
  ],
  [
    'a number as a secret',
    least('vrrp: {auth_pass: 1111}\n'),
    [/^3:19 vrrp\.auth_pass: .*never the secret itself/],
  ],
  [
    'a host name with a space',
    'hosts: {a: , b: , "c d": }\nvips: [{address: 10.0.0.9, hosts: [a, b]}]\n',
    [/^1:19 hosts\."c d": needs a host name of letters/],
  ],
  [
    'one host',
    'hosts: {a: }\nvips: [{address: 10.0.0.9, hosts: [a]}]\n',
    [/^2:35 vips\[0\]\.hosts: needs at least two hosts: .*; this is a list of 1$/],
  ],
  [
    'no VIP',
    'hosts: {a: }\nvips: []\n',
    ['2:7 vips: needs a list of at least one VIP; this is an empty list'],
  ],
  [
    'a mistake that comes by an anchor',
    `x-c: &c {enabled: no}\n${least('vrrp: {check: {<<: *c}}\n')}`,
    [/^1:19 vrrp\.check\.enabled: needs true or false/],
  ],
  [
    'a file:// host',
    least('nginx: {urls: ["file://host/x"]}\n'),
    [/^3:16 nginx\.urls\[0\]: needs an http:, https: or file:\/\/\/ URL/],
  ],
  [
    'a password in a URL',
    least('nginx: {urls: ["https://me:pw@example.org/x"]}\n'),
    [/^3:16 nginx\.urls\[0\]/],
  ],
  [
    'an alias without an anchor, a merge of no map',
    `x-a: &a [1]\n${least('vrrp: {<<: *a, check: *b}\nnginx: {<<: 1, x-b: {<<: [*a]}}\n')}`,
    [
      '4:8 merges (<<) something that is not a map = Write <<: *name, where &name marks a map.',
      '4:23 there is no anchor &b before this alias = An alias repeats an anchor that comes before it.',
      /^5:9 merges/,
      /^5:22 merges/,
    ],
  ],
  ['a quoted <<', least('vrrp: {"<<": 1}\n'), [/^3:8 vrrp\.<< is not a key/]],
  ['a merge of itself', `x-a: &a {<<: *a}\n${least()}`, [/^1:1 repeats its anchors too often/]],
  [
    'a map inside itself',
    `${least()}x: &x [*x]\n`,
    [/^1:1 an alias refers to a value/, /^3:1 x is not a key/],
  ],
];

test.each(cases)('%s', (_, text, expected) => {
  const found = problems(text);
  expect(found).toHaveLength(expected.length);
  for (const [i, each] of expected.entries()) {
    if (typeof each === 'string') expect(found[i]).toBe(each);
    else expect(found[i]).toMatch(each);
  }
});

test('all problems at once, from schema and rules, in file order', async () => {
  const text = `# 注释 keep_136 and keep_137
hosts:
  keep_136: { address: 192.168.160.136, interface: this_name_is_too_long, sshh: 1 }
  keep_137: { address: 192.168.160.136, ssh: { port: "22", password: hunter2, passwort: hunter3 } }
vips:
  - { address: 192.168.160.136, hosts: [keep_136, keep_138], virtual_router_id: 300 }
  - { hosts: [keep_137], virtual_router_id: 52, auth_pass: geheim }
  - { address: 192.168.160.162, hosts: [keep_137, keep_137], virtual_router_id: 52, priority: [100, 80] }
vrrp: { advert_int: 0.5, priorities: [100, 100], auth_pass: 1111, check: { enabled: yes, timeout: 9 } }
"注释": 1
keepalived: { version: 2.2, configure: --sysconfdir=/etc }
nginx:
  sites:
    - { name: a, root: /srv, proxy: [a], listen: ["192.168.160.162:80"] }
    - { name: a, listn: 80 }
`;
  const error = refusal(text);
  expect(error.message).toMatch(/^inventory\.yaml has \d+ problems\.$/);
  await expect([error.message, ...error.detail, error.hint].join('\n')).toMatchFileSnapshot('problems.txt');
});

test('no frame shows a secret, whatever else is wrong on its line', () => {
  const texts = [
    least('vrrp: {auth_pass: hunter2, bogus: 1}\n'),
    least('vrrp: {auth_pass: "hunter2, }", bogus: 1}\n'),
    least('vrrp:\n  auth_pass: |\n    hunter2\n  bogus: 1\n'),
    least('vrrp: {auth_pass: env:A:-hunter2, bogus: 1}\n'),
    least('vrrp: {auth_pass: env:hunter 2 hunter2}\n'),
    least('vrrp: {auth_pass: [hunter2, bogus: {}]}\n'),
    least('db_password: hunter2\n'),
    least('api-token: hunter2\n'),
    least('vrrp: {auth_pass: hunter2, ]\n'),
    least('vrrp:\n\tauth_pass: hunter2\n'),
    least('vrrp: {auth_pass: !vault hunter2}\n'),
    least('vrrp: {auth_pass: hunter2\n'),
  ];
  for (const text of texts) {
    const error = refusal(text);
    expect([error.message, ...error.detail].join('\n')).not.toContain('hunter2');
  }
});

test('a secret that is too long or unfit for keepalived.conf is reported without being shown', () => {
  const withPassword = (password: string): string[] =>
    problems(least(`vrrp: {auth_pass: "env:A:-${password}"}\n`));
  expect(withPassword('123456789')).toEqual([
    expect.stringMatching(/^3:19 the password from env:A has 9 bytes; VRRP carries 8/),
  ]);
  expect(withPassword('ééééé')[0]).toMatch(/has 10 bytes/);
  expect(withPassword('a b')[0]).toMatch(/has a space, a quote, one of/);
  expect(withPassword('a#b')[0]).not.toContain('a#b');
});

test('text cannot move the cursor: control characters are shown as dots', () => {
  const error = refusal(least('"\\e[2Jbogus": 1\n# \u001b[31m\n'));
  expect(error.detail.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
});

test('a long line is cut around the caret', () => {
  const error = refusal(
    `${least()}x-long: ${'a'.repeat(300)}\nvrrp: {x-a: ${'b'.repeat(200)}, bogus: 1, x-c: ${'c'.repeat(200)}}\n`,
  );
  const [, line = '', caret = ''] = error.detail;
  expect(line.length).toBeLessThan(125);
  expect(line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('bogus');
});

test('of very many problems the first are shown and the rest counted', () => {
  const error = refusal(least(Array.from({ length: 200 }, (_, i) => `key${i}: 1\n`).join('')));
  expect(error.message).toBe('inventory.yaml has 200 problems.');
  expect(error.detail.at(-1)).toBe('… and 150 more');
});

test('anchors that multiply are refused quickly', () => {
  const levels = Array.from({ length: 12 }, (_, i) => `x-l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]\n`);
  const started = performance.now();
  expect(problems(`x-l0: &l0 [lol]\n${levels.join('')}${least()}`)).toEqual([
    '1:1 repeats its anchors too often = Aliases (*name) may expand to at most 1000 values.',
  ]);
  expect(performance.now() - started).toBeLessThan(hangMs(10_000));
});

test('a hundred hosts may share one anchor', () => {
  const hosts = Array.from({ length: 200 }, (_, i) => `  h${i}: {ssh: *login}\n`).join('');
  expect(
    problems(`x-l: &login {user: ops}\nhosts:\n${hosts}vips: [{address: 10.0.0.9, hosts: [h0, h999]}]\n`),
  ).toHaveLength(1);
});

test('endless nesting is refused', () => {
  expect(problems(`x-a: ${'['.repeat(100_000)}`)).toEqual([
    expect.stringMatching(/^1:\d+ is nested too deeply/),
  ]);
});

test('names of JavaScript object properties are ordinary names', () => {
  const text =
    'hosts: {toString: , constructor: }\nvips: [{address: 10.0.0.9, hosts: [toString, valueOf]}]\n__proto__: {}\n';
  expect(problems(text)).toEqual([
    '1:1 __proto__ cannot be a key',
    '2:46 valueOf is not one of the hosts = Add it to hosts, or use one of toString, constructor.',
  ]);
});
