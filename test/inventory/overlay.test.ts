import { expect, test } from 'vitest';
import type { Inventory } from '../../src/model/domain.ts';
import { least, read, refusal } from './reading.ts';

const laid = (overlay: string, base = least()): Inventory =>
  read(base, { overlay: { text: overlay, file: 'overlay.yaml', by: 'lab haup' } });
const replaced = (inventory: Inventory): string[] =>
  inventory.overridden.map(({ key, was, now, by }) => `${by}: ${key} ${was} → ${now}`);

test('maps are merged, lists and values replaced, and each replacement is reported', () => {
  const inventory = laid(
    'hosts: {a: {ssh: {port: 2222, identity_file: /lab/id}}}\nkeepalived: {version: 2.2.7, urls: ["file:///lab/{version}.tgz"]}\nnginx: {configure: []}\n',
    least('keepalived: {version: 2.2.8, prefix: /opt/k}\n').replace(
      '10.0.0.1',
      '10.0.0.1, ssh: {port: 22, user: ops}',
    ),
  );
  expect(inventory.hosts[0]?.ssh).toMatchObject({ port: 2222, user: 'ops', identityFile: '/lab/id' });
  expect(inventory.keepalived).toMatchObject({
    version: '2.2.7',
    prefix: '/opt/k',
    urls: ['file:///lab/2.2.7.tgz'],
  });
  expect(replaced(inventory)).toEqual([
    'lab haup: hosts.a.ssh.port 22 → 2222',
    'lab haup: keepalived.version 2.2.8 → 2.2.7',
    'lab haup: keepalived.urls [https://www.keepalived.org/software/keepalived-{version}.tar.gz] → [file:///lab/{version}.tgz]',
    'lab haup: nginx.configure [--with-http_ssl_module, --with-http_stub_status_module] → []',
  ]);
});

test('replacing a default is reported, filling a gap is not', () => {
  expect(
    replaced(
      laid(
        'keepalived: {version: 2.2.7}\nhosts: {a: {ssh: {host_key: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}}',
      ),
    ),
  ).toEqual(['lab haup: keepalived.version 2.2.4 → 2.2.7']);
});

test('the same value replaces nothing', () => {
  expect(replaced(laid('keepalived: {version: 2.2.4}\nhosts: {a: {address: 10.0.0.1}}'))).toEqual([]);
});

test('hosts that only the overlay has are left out', () => {
  expect(
    laid('hosts: {c: {address: 10.0.0.3}, b: {address: 10.0.0.4}}').hosts.map(({ name, address }) => [
      name,
      address,
    ]),
  ).toEqual([
    ['a', '10.0.0.1'],
    ['b', '10.0.0.4'],
  ]);
});

test('a digest is dropped with the version it belongs to', () => {
  const base = least(`keepalived: {version: 2.2.4, sha256: ${'a'.repeat(64)}}\n`);
  expect(laid('keepalived: {version: 2.2.7}', base).keepalived.sha256).toBeNull();
  expect(laid(`keepalived: {version: 2.2.7, sha256: ${'b'.repeat(64)}}`, base).keepalived.sha256).toBe(
    'b'.repeat(64),
  );
  expect(laid('keepalived: {prefix: /opt/k}', base).keepalived.sha256).toBe('a'.repeat(64));
});

test('a replaced secret is named, not shown', () => {
  const inventory = laid('vrrp: {auth_pass: env:B:-hunter3}', least('vrrp: {auth_pass: env:A:-hunter2}\n'));
  expect(replaced(inventory)).toEqual(['lab haup: vrrp.auth_pass env:A:-*** → env:B:-***']);
});

test('a mistake is shown in the file that has it, overlay or inventory', () => {
  const error = refusal(least('vrrp: {unicast: maybe}\n'), {
    overlay: { text: 'keepalived:\n  version: two\n  bogus: 1\n', file: 'overlay.yaml', by: 'lab haup' },
  });
  const heads = error.detail.filter((line) => /^\w+\.yaml:/.test(line)).map((line) => line.split(' ', 1)[0]);
  expect(new Set(heads)).toEqual(new Set(['inventory.yaml:3:17', 'overlay.yaml:2:12', 'overlay.yaml:3:3']));
});

test('an empty overlay changes nothing, a broken one is an error', () => {
  expect(laid('')).toEqual(read(least()));
  expect(() => laid('hosts: [')).toThrow('overlay.yaml has a problem.');
  expect(() => laid('- a')).toThrow('overlay.yaml has a problem.');
});
