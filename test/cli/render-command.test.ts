import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeContext } from '../../src/cli/context.ts';
import { type Context } from '../../src/app/command-context.ts';
import { type RenderOptions, render } from '../../src/cli/render-command.ts';
import { scratchDirectory } from '../scratch.ts';

const root = join(import.meta.dirname, '../..');
const scratch = scratchDirectory();

/** Of this process, but deaf to its signals: those are the test runner's. */
const base = makeContext(Object.create(process, { on: { value: () => process } }), { flag: 'never' });

async function run(options: Partial<RenderOptions>, inventory = 'inventory.example.yaml', stdin = '') {
  let [out, err] = ['', ''];
  const context: Context = {
    ...base,
    env: {},
    cwd: root,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readStdin: () => Promise.resolve(stdin),
  };
  const code = await render(context, inventory, {
    color: 'auto',
    strictHostKey: 'yes',
    connectTimeout: '1',
    ...options,
  });
  return { code, out, err };
}

test('prints every file under a heading, with its mode, and no secret', async () => {
  const { code, out, err } = await run({});
  expect(code).toBe(0);
  expect(err).toBe('');
  expect(out.match(/^==> .* <==$/gm)).toHaveLength(20);
  expect(out).toContain('==> keep_136 /etc/keepalived/keepalived.conf (0640 root:root) <==\n');
  expect(out).toContain('        auth_pass ***\n');
  expect(out).not.toContain('1111');
});

test('--limit leaves one host, and an unknown one is refused', async () => {
  const { out } = await run({ limit: 'keep_137' });
  expect(out.match(/^==> \S+/gm)?.every((heading) => heading === '==> keep_137')).toBe(true);
  await expect(run({ limit: 'keep_138' })).rejects.toMatchObject({ code: 'HOST_UNKNOWN' });
});

test('--json is one document with the same texts', async () => {
  const { out } = await run({ json: true, limit: 'keep_136' });
  const document: unknown = JSON.parse(out);
  expect(document).toMatchObject({
    version: 1,
    files: expect.arrayContaining([
      expect.objectContaining({
        host: 'keep_136',
        path: '/etc/systemd/system/nginx.service',
        mode: '0644',
        owner: 'root:root',
      }),
    ]),
  });
  expect(out).not.toContain('1111');
});

test('-o writes a tree as it would lie on the hosts; the file with the password is for its owner alone', async () => {
  const output = join(scratch, 'tree');
  const { out } = await run({ output });
  expect(readdirSync(output)).toEqual(['keep_136', 'keep_137']);
  expect(out.trim().split('\n')).toHaveLength(20);
  const conf = join(output, 'keep_136/etc/keepalived/keepalived.conf');
  expect(readFileSync(conf, 'utf8')).toContain('auth_pass 1111');
  expect(statSync(conf).mode & 0o777).toBe(0o600);
  expect(statSync(join(output, 'keep_136/usr/libexec/keepalived/haup-release')).mode & 0o777).toBe(0o755);
  // Written over, not beside: a second time gives the same.
  expect((await run({ output })).out).toBe(out);
});

test('-o with --json prints the same document, with where each file was written', async () => {
  const output = join(scratch, 'both');
  const { out } = await run({ output, json: true, limit: 'keep_136' });
  const { files } = JSON.parse(out) as { readonly files: readonly { path: string; written: string }[] };
  expect(files).toHaveLength(10);
  for (const { path, written } of files) {
    expect(written).toBe(join(output, 'keep_136', path));
    expect(statSync(written).isFile()).toBe(true);
  }
});

test('-o where no file can be written says why', async () => {
  const file = join(scratch, 'file');
  writeFileSync(file, 'kept');
  await expect(run({ output: file })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/^--output .*file cannot be written: .* is not a directory\.$/),
  });
  expect(readFileSync(file, 'utf8')).toBe('kept');
  mkdirSync(join(scratch, 'taken/keep_136/usr/local/nginx/conf/nginx.conf'), { recursive: true });
  await expect(run({ output: join(scratch, 'taken') })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/a file that belongs in .*conf is a directory there\.$/),
  });
});

test('what only a host could tell is assumed, and said on stderr', async () => {
  const inventory = `hosts: { a: { address: a.example.org }, b: { address: 10.0.0.2, interface: ens5 } }
vips: [{ address: 10.0.0.9, hosts: [a, b] }]
vrrp: { unicast: true }
keepalived: { version: 2.2.7, from: package }
nginx: { version: 1.22.1, from: package }`;
  const { out, err } = await run({}, '-', inventory);
  expect(err.trim().split('\n')).toEqual([
    'assumed a: the interface is eth0 (the inventory names none)',
    'assumed a: its own address is 192.0.2.1 (a.example.org is a name, and unicast needs an address)',
    "assumed keepalived's package is version 2.2.7",
    'assumed nginx comes from a Debian package: its workers run as www-data',
  ]);
  expect(out).toContain('    interface eth0\n');
  expect(out).toContain('    interface ens5\n');
  expect(out).toContain('    unicast_src_ip 192.0.2.1\n');
});
