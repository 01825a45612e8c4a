import { afterAll, describe, expect, test } from 'vitest';
import { assumedFacts } from '../../src/desired/assume.ts';
import { desire } from '../../src/desired/desire.ts';
import { loadRender } from '../../src/desired/load-render.ts';
import { readInventory } from '../fakes/inventory.ts';
import type { ConfigSet } from '../../src/model/desired.ts';
import type { Inventory, Service } from '../../src/model/domain.ts';
import { Secret } from '../../src/model/secret.ts';
import { writeSet } from '../../src/ssh/write-set.ts';
import { haup, mainLab, onHost } from './haup.ts';

/** What is rendered, before the daemons that read it: the ones that the first apply built on the lab's hosts. */

const render = await loadRender();
const host = 'keep_136';
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function inventory(text: string, siteFiles: Readonly<Record<string, string>> = {}): Inventory {
  return readInventory(text, 'inventory.yaml', {
    resolveSecret: (reference) => new Secret(reference.replace(/^.*:-/, ''), 'env:X'),
    readText: (path) => siteFiles[path] ?? '',
  });
}

function setsOf(wanted: Inventory, service: Service): readonly ConfigSet[] {
  return desire(wanted, assumedFacts(wanted), render).flatMap(({ resources }) =>
    resources.flatMap((one) => (one.kind === 'config' && one.set.service === service ? [one.set] : [])),
  );
}

/** What the daemons print of a configuration that is right. */
const well = /^$|syntax is ok|test is successful|NOTICE: setting config option max_auto_priority/;

/** The test that apply makes before it swaps anything; every host's files on one host of the lab. */
async function judge(wanted: Inventory, service: Service): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (const set of setsOf(wanted, service)) {
    const job = writeSet({
      do: 'write',
      service,
      binary: set.binary,
      entry: set.entry,
      files: [],
      testing: set.files,
    });
    const { stdout, stderr } = await haup(
      ['lab', 'ssh', '--name', mainLab, host, '--', `sh -c ${quoted(job.script)}`],
      { input: Buffer.from(job.stdin ?? []).toString('utf8') },
    );
    complaints.push(...`${stdout}${stderr}`.split('\n').filter((line) => !well.test(line)));
  }
  return complaints;
}

afterAll(() => onHost(mainLab, host, `rm -rf /var/lib/haup/stage ${scratch}`));

const pair = (more = ''): string => `
hosts:
  keep_136: { address: 192.168.160.136, interface: ens33 }
  keep_137: { address: 192.168.160.137, interface: ens33 }
vips:
  - { address: 192.168.160.161, hosts: [keep_136, keep_137], virtual_router_id: 51 }
  - { address: 192.168.160.162/24, hosts: [keep_137, keep_136], virtual_router_id: 52 }
${more}`;
const ladder = `
hosts:
  keep_136: { address: 192.168.160.136, interface: ens33 }
  keep_137: { address: 192.168.160.137, interface: ens33 }
  keep_138: { address: 192.168.160.138, interface: ens33 }
vips:
  - { address: 192.168.160.163, hosts: [keep_138, keep_136, keep_137] }
  - { address: 192.168.160.164, hosts: [keep_137, keep_138] }
vrrp: { unicast: true, auth_pass: "env:X:-a,b;c/d" }`;

describe('keepalived has no complaint', () => {
  test.each([
    ['of the defaults', pair()],
    [
      'of the documented profile',
      pair('vrrp: { profile: documented, priorities: [100, 80], auth_pass: "env:X:-1111" }'),
    ],
    ['of unicast on a ladder of three hosts', ladder],
    ['of version 3 with parts of a second', pair('vrrp: { version: 3, advert_int: 0.05 }')],
    ['of a delay, without a refresh of ARP', pair('vrrp: { preempt_delay: 30, garp_master_refresh: 0 }')],
    ['of nodes without a health check', pair('vrrp: { check: { enabled: false } }')],
  ])('%s', async (_, text) => {
    expect(await judge(inventory(text), 'keepalived')).toEqual([]);
  });

  test('but it does of a host that lacks the interface', async () => {
    const complaints = await judge(
      inventory(pair().replace('interface: ens33', 'interface: ens99')),
      'keepalived',
    );
    expect(complaints.join('\n')).toMatch(/ens99.*doesn't exist/);
  });
});

const siteFiles = {
  'inside.conf': 'root /srv;\nlocation ~ .* { return 418; }',
  'whole.conf':
    '# server { }\nupstream u { server 127.0.0.1:9; }\nserver {\n    listen 8096;\n    location / { proxy_pass http://u; }\n}\nserver { listen 8097; return 410; }\n',
  'redirect.conf': 'return 301 https://$host$request_uri;\n',
  'rewrite.conf': 'rewrite ^ /elsewhere last;\nlocation /elsewhere { return 403; }\n',
  'denied.conf': 'deny all;\n',
};
const sites = inventory(
  pair(`nginx:
  sites:
    - { name: page, listen: [8090] }
    - { name: files, listen: ["*:8091 default_server", "[::]:8091"], root: /srv }
    - { name: app, listen: [8092], server_names: [a.example.org, "*.example.org"], proxy: ["127.0.0.1:9", "127.0.0.1:10"] }
    - { name: inside, listen: [8093], file: inside.conf }
    - { name: redirect, listen: [8094], file: redirect.conf }
    - { name: rewrite, listen: [8095], file: rewrite.conf }
    - { name: whole, file: whole.conf }
    - { name: denied, listen: [8098], file: denied.conf }`),
  siteFiles,
);
/** An address that the host has and that the inventory does not know. */
const extra = '192.168.160.250';
const outer = inventory(
  pair(`nginx: { sites: [{ name: page, listen: [8090] }, { name: x, listen: ["${extra}:8099"] }] }`),
);

test('nginx has no complaint of any kind of site', async () => {
  expect(await judge(sites, 'nginx')).toEqual([]);
});

test('nginx complains of a site that answers for /haup/host itself', async () => {
  const shadow = inventory(pair('nginx: { sites: [{ name: x, file: x.conf }] }'), {
    'x.conf': 'location = /haup/host { return 200; }',
  });
  expect((await judge(shadow, 'nginx')).join('\n')).toMatch(/duplicate location "\/haup\/host"/);
});

const scratch = '/tmp/haup-rendered';

/** Runs a second nginx on the host, from the rendered files below `scratch`, and asks it; then ends it. */
async function served(wanted: Inventory, asks: readonly string[]): Promise<readonly string[]> {
  const [set] = setsOf(wanted, 'nginx');
  const moved = (text: string): string =>
    text
      .replaceAll('/usr/local/nginx/conf/', `${scratch}/conf/`)
      .replaceAll('/usr/local/nginx/logs', `${scratch}/logs`)
      // The nginx that runs already has haup's own port.
      .replaceAll('127.0.0.1:488', '127.0.0.1:489');
  const files = (set?.files ?? []).map(({ path, bytes }) => {
    const text = moved(Buffer.from(bytes).toString('utf8')).replace(/^pid .*/m, `pid ${scratch}/pid;`);
    return { path: moved(path), text };
  });
  const put = files.map(
    ({ path, text }) => `mkdir -p "$(dirname ${path})" && head -c ${Buffer.byteLength(text)} > ${path}`,
  );
  const script = `set -e
rm -rf ${scratch}; mkdir -p ${scratch}/logs
ip addr add ${extra}/32 dev lo
trap 'ip addr del ${extra}/32 dev lo' EXIT
${put.join('\n')}
cp /usr/local/nginx/conf/mime.types ${scratch}/conf/
/usr/local/nginx/sbin/nginx -p ${scratch}/ -c ${scratch}/conf/nginx.conf
trap 'kill "$(cat ${scratch}/pid)"; ip addr del ${extra}/32 dev lo' EXIT
${asks.map((ask) => `echo "$(curl -s -o ${scratch}/body -w '%{http_code} %header{x-haup-host}' ${ask}) $(head -c 40 ${scratch}/body | head -n 1 | tr -d '\\r')"`).join('\n')}`;
  const { code, stdout, stderr } = await haup(
    ['lab', 'ssh', '--name', mainLab, host, '--', `sh -c ${quoted(script)}`],
    { input: files.map(({ text }) => text).join('') },
  );
  if (code !== 0) throw new Error(`${stdout}${stderr}`);
  return stdout.trim().split('\n');
}

describe('nginx says which host answered', () => {
  const ports = [8090, 8091, 8092, 8093, 8094, 8095, 8096, 8097, 8098];

  test('on every port, whatever the site does there', async () => {
    const answers = await served(
      sites,
      ports.map((port) => `http://127.0.0.1:${port}/haup/host`),
    );
    expect(answers).toEqual(ports.map(() => '200 keep_136 keep_136'));
  });

  test('and leaves everything else to the site', async () => {
    const answers = await served(
      sites,
      ports.map((port) => `http://127.0.0.1:${port}/other`),
    );
    expect(answers.map((one) => one.slice(0, 3))).toEqual([
      '404',
      '404',
      '502',
      '418',
      '301',
      '403',
      '502',
      '410',
      '403',
    ]);
  });

  test('also to a HEAD, a POST and another address of the host', async () => {
    expect(
      await served(sites, [
        '-I http://127.0.0.1:8090/haup/host',
        '-d x http://127.0.0.1:8094/haup/host',
        'http://192.168.160.136:8091/haup/host',
        "'http://[::1]:8091/haup/host'",
      ]),
    ).toEqual([
      '200 keep_136 HTTP/1.1 200 OK',
      '200 keep_136 keep_136',
      '200 keep_136 keep_136',
      '200 keep_136 keep_136',
    ]);
  });

  test('for the health check on the host itself, when the sites listen elsewhere', async () => {
    expect(await served(outer, ['http://127.0.0.1:489/haup/host', 'http://127.0.0.1:489/'])).toEqual([
      '200 keep_136 keep_136',
      '404  <html>',
    ]);
  });

  test('and the page is never taken from a cache', async () => {
    const [first, second] = await served(sites, [
      "-H 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT' http://127.0.0.1:8090/",
      '-I http://127.0.0.1:8090/',
    ]);
    expect(first).toMatch(/^200 {2}<!doctype html>/);
    expect(second).toMatch(/^200/);
  });
});
