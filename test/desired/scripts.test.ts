import { spawn } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { read } from '../inventory/reading.ts';
import { pair, render, treeOf } from './hosts.ts';
import { scratchDirectory } from '../scratch.ts';

const scratch = scratchDirectory();

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Runs the text as keepalived or systemd would: as a program. */
function run(text: string, env: Record<string, string> = {}): Promise<Ended> {
  const path = join(scratch, 'script');
  writeFileSync(path, text, { mode: 0o755 });
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(path, { env: { ...process.env, ...env } });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr, ms: performance.now() - started }));
  });
}

/** Gives its port. */
const serve = (listener: RequestListener): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer(listener);
    servers.push(server);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve((address as AddressInfo).port);
    });
  });
const check = (port: number, env = {}): Promise<Ended> =>
  run(textOf('haup-check-nginx', { port, path: '/haup/host', seconds: 1 }), env);

const failed = { status: 1, stdout: '', stderr: '' };

describe('the health check', () => {
  test('is content with an answer, and silent', async () => {
    const port = await serve((request, response) =>
      response.writeHead(request.url === '/haup/host' ? 200 : 404).end('a\n'),
    );
    expect(await check(port)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test.each([500, 502, 404])('fails on %i', async (status) => {
    expect(await check(await serve((_, response) => response.writeHead(status).end()))).toMatchObject(failed);
  });

  test('fails on what is no HTTP', async () => {
    const server = createTcpServer((socket) => socket.end('220 200 OK\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const ended = await check((server.address() as AddressInfo).port);
    server.close();
    expect(ended).toMatchObject(failed);
  });

  test('fails when nothing listens', async () => {
    const port = await serve(() => {});
    servers.splice(0).forEach((server) => server.close());
    expect(await check(port)).toMatchObject(failed);
  });

  test('fails in time when nginx takes the request and hangs', async () => {
    const { ms, ...ended } = await check(await serve(() => {}));
    expect(ended).toEqual(failed);
    expect(ms).toBeGreaterThan(900);
    expect(ms).toBeLessThan(20_000);
  });

  test('asks nobody else: no proxy', async () => {
    const port = await serve((_, response) => response.writeHead(200).end());
    expect((await check(port, { http_proxy: 'http://127.0.0.1:9' })).status).toBe(0);
  });

  test('is written for the port of the server that haup has of its own, whatever the sites are, the timeout of the inventory and the user that may run it', () => {
    const tree = treeOf(
      pair(
        'vrrp: { check: { timeout: 2 } }\nnginx: { health_port: 489, sites: [{ name: x, listen: [8080] }] }',
      ),
    );
    const script = tree['keep_136']?.['/usr/libexec/keepalived/haup-check-nginx'];
    expect(script).toContain("'/dev/tcp/127.0.0.1/489'");
    expect(script).toContain("'/haup/host'");
    expect(script).toContain('read -r -t 2 ');
  });
});

/** The script with an `ip` of ours, which knows two addresses and records what it is told to do. */
async function release(held: Record<string, string>): Promise<Ended & { readonly did: string }> {
  const log = join(scratch, 'did');
  writeFileSync(log, '');
  const known = Object.entries(held)
    .map(([address, line]) => `*"addr show to ${address}") echo '${line}' ;;`)
    .join('\n');
  writeFileSync(
    join(scratch, 'ip'),
    `#!/bin/sh\ncase "$*" in\n${known}\n*show*) ;;\n*) echo "$*" >> ${log} ;;\nesac\n`,
    { mode: 0o755 },
  );
  const text = textOf('haup-release', { addresses: ['192.168.160.161', '192.168.160.162'] });
  const ended = await run(text.replace(/^PATH=/m, `PATH=${scratch}:`));
  return { ...ended, did: readFileSync(log, 'utf8') };
}

describe('releasing', () => {
  test('takes away what is held, as it is held, and says so', async () => {
    const ended = await release({
      '192.168.160.162': String.raw`3: ens34    inet 192.168.160.162/24 scope global secondary ens34\       valid_lft forever`,
    });
    expect(ended).toMatchObject({
      status: 0,
      stdout: 'releasing 192.168.160.162/24 from ens34\n',
      stderr: '',
    });
    expect(ended.did).toBe('addr del 192.168.160.162/24 dev ens34\n');
  });

  test('is silent when there is none', async () => {
    expect(await release({})).toMatchObject({ status: 0, stdout: '', stderr: '', did: '' });
  });

  test('knows the VIPs of its host and no others', () => {
    const text = treeOf(pair())['keep_137']?.['/usr/libexec/keepalived/haup-release'];
    expect(text).toMatch(/^for address in 192\.168\.160\.161; do$/m);
  });
});

describe('started', () => {
  const text = textOf('haup-started', { vips: 1 });

  test('a keepalived that has ended has not started', async () => {
    const { status, stderr, ms } = await run(text, { MAINPID: '999999999' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/cannot use its configuration/);
    expect(ms).toBeLessThan(8_000);
  });

  test('one that runs without speaking VRRP has not started either', async () => {
    const { status, ms } = await run(text.replace('tries=100', 'tries=3'), { MAINPID: String(process.pid) });
    expect(status).toBe(1);
    expect(ms).toBeGreaterThan(250);
  });
});

test('a host without a VIP has nothing to take up and nothing to release', async () => {
  const idle = read(`hosts: { a: {}, b: {}, c: { interface: e } }
vips: [{ address: 10.0.0.9, hosts: [a, b] }]`);
  const files = treeOf(idle)['c'] ?? {};
  expect(files['/etc/keepalived/keepalived.conf']).not.toMatch(/vrrp_instance/);
  for (const name of ['haup-started', 'haup-release']) {
    const text = files[`/usr/libexec/keepalived/${name}`] ?? '';
    expect(await run(text, { MAINPID: '999999999' })).toMatchObject({ status: 0, stdout: '', stderr: '' });
  }
});

test('every other script is one that the strictest sh can read', async () => {
  for (const [name, data] of [
    ['haup-release', { addresses: ['10.0.0.1'] }],
    ['haup-started', { vips: 1 }],
    ['haup-started', { vips: 0 }],
    ['haup-release', { addresses: [] }],
  ] as const) {
    expect(textOf(name, data)).toMatch(/^#!\/bin\/sh\n/);
    expect((await run(`sh -n <<'END'\n${textOf(name, data)}END\n`)).stderr).toBe('');
  }
});

function textOf(template: string, data: object): string {
  return Buffer.from(render(template, data)).toString();
}
