// suite: measures, all
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { FailoverReport } from '../../src/model/failover-shape.ts';
import type { VerifyReport } from '../../src/model/report.ts';
import { certificate } from './certificate.ts';
import { eventually, figure, haup, onHost, testLab } from './haup.ts';
import { measured } from './measured.ts';
import { type Edit, fast, ownLab } from './own-lab.ts';

/** Sites of every sort that people have, one after the other on one pair of hosts. */

const { lab, scratch, inventory, inLab, apply, pending } = ownLab(testLab('sites'), { installed: false });
const [one, two] = ['192.168.160.161', '192.168.160.162'];
const hosts = ['keep_136', 'keep_137'];

const modules: Edit = (it) => {
  it.nginx.configure = [...it.nginx.configure, '--with-http_v2_module', '--with-stream'];
};
/** The only site. */
const site =
  (what: object): Edit =>
  (it) => {
    it.nginx['sites'] = [{ name: 'own', ...what }];
  };
const file = (name: string, text: string): Edit => {
  writeFileSync(join(scratch, `${name}.conf`), text);
  return site({ file: `${name}.conf` });
};
const pem = '/etc/haup-test.pem';
const tls = `ssl_certificate ${pem}; ssl_certificate_key ${pem};`;

beforeAll(async () => {
  for (const host of hosts) {
    const put = ['lab', 'ssh', '--name', lab, host, '--', `cat > ${pem}`];
    expect((await haup(put, { input: certificate })).code).toBe(0);
  }
});

test('the documented profile on hosts without curl: what asks is installed, and nothing else of a health check', async () => {
  for (const host of hosts) await onHost(lab, host, '! command -v curl');
  const path = inventory((it) => {
    it.vrrp['profile'] = 'documented';
  });
  await apply(path);
  expect(await pending(path)).toBe(0);
  for (const host of hosts) {
    const said = await onHost(
      lab,
      host,
      'command -v curl; ls /usr/libexec/keepalived; id keepalived_script 2>&1 || true',
    );
    expect(said).toMatch(/curl/);
    expect(said).not.toMatch(/haup-check-nginx|uid=/);
  }
});

/**
 * What is asked 50 times a second, by handshakes of several round trips, has longer gaps than the allowance of a move
 * where the machine is busy. Of that the answers are looked at, not how soon they come; plain HTTP has no such excuse.
 */
const slowly = /the outage of \d+ ms is over the bound|requests were lost over \d+ ms/;
const judged = (asked: string, reasons: readonly string[]): readonly string[] =>
  asked.startsWith('HTTP on') ? reasons : reasons.filter((reason) => !slowly.test(reason));

/** Of each way to ask one: failover and failback ask as verify does. */
const movedByCommand: readonly string[] = [
  'on another port only',
  'by HTTPS only',
  'by HTTP/2 without TLS',
  'as connections that are passed on',
];

test.each([
  ['on another port only', file('port', 'server { listen 8080; root /srv; }'), 'HTTP on port 8080'],
  [
    'by HTTPS only',
    file('https', `server { listen 443 ssl; server_name app.example.org; ${tls} return 204; }`),
    'HTTPS on port 443 for app.example.org',
  ],
  [
    'behind a PROXY header',
    file('proxy', 'server { listen 80 proxy_protocol; return 204; }'),
    'HTTP on port 80, behind a PROXY header',
  ],
  [
    'by HTTP/2 without TLS',
    file('h2c', 'server { listen 8081 http2; return 204; }'),
    'HTTP/2 without TLS on port 8081',
  ],
  [
    'to those that know its name',
    file(
      'named',
      `server { listen 443 ssl default_server; ssl_reject_handshake on; }
server { listen 443 ssl; server_name app.example.org; ${tls} return 204; }`,
    ),
    'HTTPS on port 443 for app.example.org',
  ],
  [
    'to nobody',
    file('nobody', 'server { listen 443 ssl default_server; ssl_reject_handshake on; }'),
    'a TLS handshake on port 443',
  ],
  [
    'to clients with a certificate',
    file(
      'clients',
      `server { listen 443 ssl; server_name app.example.org; ${tls} ssl_client_certificate ${pem}; ssl_verify_client on; }`,
    ),
    'a TLS handshake on port 443 for app.example.org',
  ],
  [
    'as connections that are passed on',
    site({ listen: [6443], stream: ['127.0.0.1:22'] }),
    'a TCP connection on port 6443',
  ],
] as const)(
  'a site that answers %s: applied, and every request answered while it moves',
  async (what, edit, asked) => {
    const path = inventory(fast, modules, edit);
    await apply(path);
    expect(await pending(path)).toBe(0);

    // From the one host to the other and back: of the other VIP it would be the same.
    const verified = await inLab(['verify', path, '--vip', one, '--drill', 'drain', '--yes', '--json']);
    const { vips } = JSON.parse(verified.stdout) as VerifyReport;
    expect(vips.map((vip) => vip.asked)).toEqual([asked]);
    for (const { address, drills } of vips) {
      for (const drill of drills) {
        figure(`${what}: ${address} drained, ${drill.lost} of ${drill.total} lost`);
        measured(drill.stalledMs ?? 0, () => expect(judged(asked, drill.reasons)).toEqual([]));
        expect([drill.retried, drill.failback?.retried]).toEqual([drill.lost, drill.failback?.lost]);
        expect(drill.total).toBeGreaterThan(20);
      }
    }
    if (!movedByCommand.includes(what)) return;
    const moved = await inLab(['failover', 'keep_136', path, '--yes', '--json']);
    const back = await inLab(['failback', 'keep_136', path, '--yes', '--json']);
    for (const ran of [moved, back]) {
      const report = JSON.parse(ran.stdout) as FailoverReport;
      const [vip] = report.vips;
      measured(vip?.stalledMs ?? 0, () => expect(judged(asked, report.reasons)).toEqual([]));
      expect(vip).toMatchObject({ address: one, asked, retried: vip?.lost });
    }
  },
);

test('what is passed on comes through, from either host', async () => {
  const said = await haup([
    'lab',
    'exec',
    '--name',
    lab,
    '--',
    'bash',
    '-c',
    `head -n 1 </dev/tcp/${two}/6443`,
  ]);
  expect(said.stdout).toMatch(/^SSH-2.0/);
});

test('a nginx that hangs is found, whatever it listens on', async () => {
  const heldBy = (host: string): Promise<void> =>
    eventually(`${host} has it`, async () => (await onHost(lab, host, 'ip -o addr')).includes(` ${one}/`));
  await heldBy('keep_136');
  await onHost(lab, 'keep_136', 'pkill -STOP nginx');
  try {
    await heldBy('keep_137');
  } finally {
    await onHost(lab, 'keep_136', 'pkill -CONT nginx');
  }
  await heldBy('keep_136');
});

test('a host without the program that asks is said to lack it', async () => {
  await onHost(lab, 'keep_136', 'mv /usr/bin/curl /usr/bin/curl.away');
  const ran = await inLab([
    'apply',
    inventory(fast, modules, site({ listen: [6444], stream: ['127.0.0.1:22'] }), (it) => {
      it.vrrp.check = { enabled: false };
    }),
    '--yes',
  ]);
  await onHost(lab, 'keep_136', 'mv /usr/bin/curl.away /usr/bin/curl');
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/keep_136 lacks curl, with which it asks whether nginx answers/);
});

test('a file that listens on a VIP is refused before anything is contacted', async () => {
  const ran = await inLab(['apply', inventory(file('vip', `server { listen ${one}:80; }`)), '--yes']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(`it has "listen ${one}:80", and ${one} is a VIP`);
});
