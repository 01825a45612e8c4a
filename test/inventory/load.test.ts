import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type LoadContext, loadInventory } from '../../src/inventory/load.ts';
import { least } from './reading.ts';
import { scratchDirectory } from '../scratch.ts';

const cwd = scratchDirectory();
mkdirSync(join(cwd, 'site/conf'), { recursive: true });
const put = (name: string, text: string | Uint8Array): void => writeFileSync(join(cwd, name), text);
put('inventory.yaml', least('vrrp: {auth_pass: env:PW}\n'));
put('site/conf/own.conf', 'server {}\n');
put('site/pw', 'fromfile\n');
put('site/key', '');

const load = (path: string, more: Partial<LoadContext> = {}) =>
  loadInventory(path, { env: { PW: '1111' }, cwd, ...more });

test('a path is relative to the current directory', async () => {
  const inventory = await load('inventory.yaml');
  expect(inventory).toMatchObject({ file: 'inventory.yaml', overridden: [] });
  expect(inventory.vrrp.authPass?.reveal()).toBe('1111');
});

test('paths in an inventory are relative to it', async () => {
  const hosts = 'hosts: {a: {ssh: {identity_file: key}}, b: }\nvips: [{address: 10.0.0.9, hosts: [a, b]}]\n';
  put(
    'site/inventory.yaml',
    `${hosts}vrrp: {auth_pass: file:pw}\nnginx: {sites: [{name: own, file: conf/own.conf}]}\n`,
  );
  const inventory = await load('site/inventory.yaml');
  expect(inventory.vrrp.authPass?.reveal()).toBe('fromfile');
  expect(inventory.hosts[0]?.ssh.identityFile).toBe('site/key');
  expect(inventory.nginx.sites[0]?.serves).toEqual({
    kind: 'file',
    path: 'conf/own.conf',
    text: 'server {}\n',
  });
});

test('- is stdin', async () => {
  const inventory = await load('-', { stdin: least() });
  expect(inventory.file).toBe('(stdin)');
  await expect(load('-', { stdin: 'a' })).rejects.toMatchObject({ message: '(stdin) has a problem.' });
});

test.each([
  ['a missing file', 'none.yaml', 'INVENTORY_MISSING', 'none.yaml does not exist'],
  ['a directory', 'site', 'INVENTORY_MISSING', 'site is a directory, not a file'],
  ['a file as a directory', 'inventory.yaml/x', 'INVENTORY_MISSING', 'inventory.yaml/x does not exist'],
  ['no stdin', '-', 'INVENTORY_MISSING', 'stdin has no inventory'],
  ['a name with a zero byte', 'a\0b', 'INVENTORY_MISSING', /^a\0b cannot be read/],
])('%s', async (_, path, code, message) => {
  await expect(load(path)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
    exit: 'usage',
  });
  await expect(load(path)).rejects.toHaveProperty('hint', expect.stringContaining('inventory.example.yaml'));
});

test('binary files and files that are too large are refused', async () => {
  put('binary', Uint8Array.of(0xff, 0xfe, 0x00));
  await expect(load('binary')).rejects.toMatchObject({
    code: 'INVENTORY_INVALID',
    message: 'binary is not UTF-8 text',
  });
  put('large', 'a'.repeat(300_000));
  await expect(load('large')).rejects.toMatchObject({
    code: 'INVENTORY_INVALID',
    message: 'large is larger than 256 KiB',
  });
});

test('all missing secrets and site files at once, each at the place that asks', async () => {
  put(
    'wrong.yaml',
    least('vrrp: {auth_pass: env:NOPE}\nnginx: {sites: [{name: x, file: none.conf}]}\n').replace(
      '10.0.0.1',
      '10.0.0.1, ssh: {password: file:none}',
    ),
  );
  const error = await load('wrong.yaml').catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'INVENTORY_INVALID', message: 'wrong.yaml has 3 problems.' });
  expect((error as { detail: string[] }).detail.filter((line) => line.startsWith('wrong.yaml:'))).toEqual([
    expect.stringMatching(/^wrong\.yaml:1:48 cannot read the secret file .*none: it does not exist/),
    expect.stringMatching(/^wrong\.yaml:3:19 the environment variable NOPE is not set/),
    expect.stringMatching(/^wrong\.yaml:4:33 .*none\.conf does not exist/),
  ]);
});

test('a missing secret alone has its own code', async () => {
  await expect(load('inventory.yaml', { env: {} })).rejects.toMatchObject({
    code: 'SECRET_MISSING',
    message: 'A secret of inventory.yaml cannot be resolved.',
    detail: [
      expect.stringMatching(/^inventory\.yaml:3:19 /),
      expect.anything(),
      expect.anything(),
      expect.stringContaining('export PW='),
    ],
  });
});

test("the environment names a lab's overlay, which says what it replaced", async () => {
  put('overlay.yaml', 'keepalived: {version: 2.2.7}\n');
  const inventory = await load('inventory.yaml', {
    env: { PW: 'x', HAUP_OVERLAY: 'overlay.yaml', HAUP_LAB: 'two' },
  });
  expect(inventory.keepalived.urls).toEqual(['https://www.keepalived.org/software/keepalived-2.2.7.tar.gz']);
  expect(inventory.overridden).toEqual([
    { key: 'keepalived.version', was: '2.2.4', now: '2.2.7', by: 'lab two' },
  ]);
});

test('a missing overlay says how to go on without it', async () => {
  await expect(load('inventory.yaml', { env: { PW: 'x', HAUP_OVERLAY: 'gone.yaml' } })).rejects.toMatchObject(
    {
      code: 'INVENTORY_MISSING',
      message: 'gone.yaml does not exist',
      hint: expect.stringContaining('unset HAUP_OVERLAY'),
    },
  );
});
