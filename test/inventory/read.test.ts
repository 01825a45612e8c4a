import { expect, test } from 'vitest';
import { least, options, read } from './reading.ts';

test('the smallest inventory has all defaults', () => {
  expect(read('hosts: {a: , b: }\nvips: [{address: 10.0.0.9, hosts: [a, b]}]')).toMatchInlineSnapshot(`
    {
      "build": {
        "on": "first",
      },
      "fetch": "controller",
      "file": "inventory.yaml",
      "firewall": "open",
      "grace": 60,
      "hooks": {
        "commands": {},
        "timeout": 60,
      },
      "hosts": [
        {
          "address": "a",
          "interface": null,
          "name": "a",
          "ssh": {
            "hostKey": null,
            "identityFile": null,
            "jump": null,
            "password": null,
            "port": null,
            "sudoPassword": null,
            "user": null,
          },
        },
        {
          "address": "b",
          "interface": null,
          "name": "b",
          "ssh": {
            "hostKey": null,
            "identityFile": null,
            "jump": null,
            "password": null,
            "port": null,
            "sudoPassword": null,
            "user": null,
          },
        },
      ],
      "keepalived": {
        "configure": [
          "--sysconfdir=/etc",
        ],
        "from": "source",
        "prefix": "/usr/local/keepalived",
        "service": "systemd",
        "sha256": null,
        "urls": [
          "https://www.keepalived.org/software/keepalived-2.2.4.tar.gz",
        ],
        "version": "2.2.4",
      },
      "nginx": {
        "configure": [
          "--with-http_ssl_module",
          "--with-http_stub_status_module",
        ],
        "from": "source",
        "healthPort": 488,
        "prefix": "/usr/local/nginx",
        "sha256": null,
        "shutdownTimeout": 600,
        "sites": [
          {
            "listen": [
              "80",
            ],
            "name": "default",
            "serverNames": [
              "_",
            ],
            "serves": {
              "kind": "page",
            },
          },
        ],
        "urls": [
          "https://nginx.org/download/nginx-1.20.1.tar.gz",
        ],
        "version": "1.20.1",
        "workerConnections": 1024,
        "workerProcesses": "auto",
      },
      "overridden": [],
      "packages": {
        "lockWait": 180,
        "vault": false,
      },
      "unused": [],
      "verify": {
        "allow": [
          "stop",
          "drain",
        ],
        "connections": 20,
        "rate": null,
      },
      "vips": [
        {
          "address": {
            "address": "10.0.0.9",
            "prefix": null,
          },
          "advertInt": 1,
          "members": [
            {
              "host": "a",
              "interface": null,
              "priority": 250,
            },
            {
              "host": "b",
              "interface": null,
              "priority": 200,
            },
          ],
          "name": "VI_1",
          "virtualRouterId": 9,
        },
      ],
      "vrrp": {
        "authPass": null,
        "check": {
          "enabled": true,
          "fall": 2,
          "interval": 2,
          "rise": 2,
          "timeout": 1,
        },
        "garpMasterRefresh": 60,
        "preemptDelay": 0,
        "profile": "default",
        "unicast": false,
        "version": 2,
      },
    }
  `);
});

test('three hosts get three priorities', () => {
  const { vips } = read('hosts: {a: , b: , c: }\nvips: [{address: 10.0.0.9, hosts: [c, a, b]}]');
  expect(vips[0]?.members).toEqual([
    { host: 'c', priority: 250, interface: null },
    { host: 'a', priority: 200, interface: null },
    { host: 'b', priority: 150, interface: null },
  ]);
});

test('a VIP can have its own name, prefix, VRID, priorities, interval and interface', () => {
  const vip =
    '{address: 10.0.0.9/24, hosts: [a, b], name: web, virtual_router_id: 7, priorities: [90, 40, 30], advert_int: 3, interface: eth1}';
  const { vips } = read(
    `hosts: {a: {interface: ens33}, b: }\nvips: [${vip}]\nvrrp: {priorities: [100, 80], advert_int: 2}`,
  );
  expect(vips).toEqual([
    {
      name: 'web',
      address: { address: '10.0.0.9', prefix: 24 },
      virtualRouterId: 7,
      advertInt: 3,
      members: [
        { host: 'a', priority: 90, interface: 'eth1' },
        { host: 'b', priority: 40, interface: 'eth1' },
      ],
    },
  ]);
});

test('vrrp sets what a VIP leaves out', () => {
  const { vips } = read(least('vrrp: {version: 3, priorities: [100, 80], advert_int: 0.25}'));
  expect(vips[0]?.advertInt).toBe(0.25);
  expect(vips[0]?.members.map(({ priority }) => priority)).toEqual([100, 80]);
});

test("Ansible's names for host settings work", () => {
  const { hosts } = read(
    'hosts: {a: {ansible_host: 10.0.0.1, ansible_port: 2222, ansible_user: ops}, b: }\nvips: [{address: 10.0.0.9, hosts: [a, b]}]',
  );
  expect(hosts[0]).toMatchObject({ name: 'a', address: '10.0.0.1', ssh: { port: 2222, user: 'ops' } });
  expect(hosts[1]).toMatchObject({ name: 'b', address: 'b' });
});

test('ssh settings: paths are relative to the file, secrets are resolved', () => {
  const ssh =
    '{user: ops, port: 2222, identity_file: keys/id, jump: "ops@bastion:22,second", host_key: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", password: env:A, sudo_password: file:B}';
  const text = `hosts: {a: {ssh: ${ssh}}, b: {ssh: {identity_file: ~/.ssh/id}}}\nvips: [{address: 10.0.0.9, hosts: [a, b]}]`;
  const { hosts } = read(text);
  expect(hosts[0]?.ssh).toMatchObject({
    user: 'ops',
    port: 2222,
    identityFile: 'keys/id',
    jump: 'ops@bastion:22,second',
    hostKey: 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  });
  expect(hosts[0]?.ssh.password?.reveal()).toBe('A');
  expect(hosts[0]?.ssh.sudoPassword?.source).toBe('file:B');
  expect(hosts[1]?.ssh.identityFile).toBe('~/.ssh/id');
});

test('x- keys are free at every level, and may hold anchors to merge', () => {
  const text = `
x-note: anything
x-login: &login { user: ops, port: 2222 }
hosts:
  x-team: web
  a: { x-rack: 3, ssh: *login }
  b: { ssh: { <<: *login, port: 22, x-why: [1] } }
vips: [{ address: 10.0.0.9, hosts: [a, b], x-ticket: 1 }]
vrrp: { x-a: 1, check: { x-b: 1 } }
`;
  const { hosts } = read(text);
  expect(hosts.map(({ name, ssh }) => [name, ssh.user, ssh.port])).toEqual([
    ['a', 'ops', 2222],
    ['b', 'ops', 22],
  ]);
});

test('a section with only comments gets its defaults', () => {
  const text = least('vrrp:\n  # version: 3\nkeepalived:\nnginx:\n');
  expect(read(text)).toEqual(read(least()));
});

test('{version} in URLs, an upper-case digest, sites of every kind', () => {
  const text = least(`
keepalived: { version: 2.2.8, sha256: ${'AB'.repeat(32)}, urls: ["https://mirror.example.org/{version}/k-{version}.tgz", "file:///srv/k.tgz"] }
nginx:
  worker_processes: 2
  sites:
    - { name: page }
    - { name: root, server_names: [docs.example.org], root: /srv/docs }
    - { name: proxy, listen: [8080, "127.0.0.1:81 default_server"], server_names: ["*.example.org"], proxy: ["10.0.0.5:8080", "[fd00::1]:80", app] }
    - { name: own, listen: ["443 ssl"], file: sites/own.conf }
`);
  const { keepalived, nginx } = read(text);
  expect(keepalived).toMatchObject({
    sha256: 'ab'.repeat(32),
    urls: ['https://mirror.example.org/2.2.8/k-2.2.8.tgz', 'file:///srv/k.tgz'],
  });
  expect(nginx.workerProcesses).toBe(2);
  expect(nginx.sites).toEqual([
    { name: 'page', listen: ['80'], serverNames: ['_'], serves: { kind: 'page' } },
    {
      name: 'root',
      listen: ['80'],
      serverNames: ['docs.example.org'],
      serves: { kind: 'root', path: '/srv/docs' },
    },
    {
      name: 'proxy',
      listen: ['8080', '127.0.0.1:81 default_server'],
      serverNames: ['*.example.org'],
      serves: { kind: 'proxy', upstreams: ['10.0.0.5:8080', '[fd00::1]:80', 'app'] },
    },
    {
      name: 'own',
      listen: ['443 ssl'],
      serverNames: ['_'],
      serves: { kind: 'file', path: 'sites/own.conf', text: '# sites/own.conf\n' },
    },
  ]);
});

test('secrets are resolved only when all else is right, since a reference may run a command', () => {
  let asked = 0;
  const resolveSecret = (reference: string) => {
    asked++;
    return options.resolveSecret(reference);
  };
  expect(() => read(least('vrrp: {auth_pass: env:A}\nbogus: 1'), { resolveSecret })).toThrow(
    'has a problem.',
  );
  expect(asked).toBe(0);
  read(least('vrrp: {auth_pass: env:A}'), { resolveSecret });
  expect(asked).toBe(1);
});

test('Windows line endings and a byte order mark change nothing', () => {
  expect(read(`\ufeff${least('vrrp:\n  unicast: true\n').replaceAll('\n', '\r\n')}`).vrrp.unicast).toBe(true);
});

test('build keys without effect on a package are reported', () => {
  const unused = (more: string): readonly string[] => read(least(more)).unused;
  expect(
    unused('keepalived: {from: package, prefix: /opt/k, urls: ["http://a/b"]}\nnginx: {configure: []}'),
  ).toEqual(['keepalived.prefix', 'keepalived.urls']);
  expect(unused(`nginx: {from: package, version: 1.22.1, configure: [], sha256: ${'a'.repeat(64)}}`)).toEqual(
    ['nginx.configure', 'nginx.sha256'],
  );
  expect(unused('keepalived: {from: package}\nnginx: {from: package}')).toEqual([]);
});
