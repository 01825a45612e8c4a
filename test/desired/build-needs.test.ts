import { describe, expect, test } from 'vitest';
import { buildNeeds } from '../../src/desired/build-needs.ts';
import { directives } from '../../src/desired/server-block.ts';
import type { Inventory } from '../../src/model/domain.ts';
import { Secret } from '../../src/model/secret.ts';
import { pair } from './hosts.ts';

const features = (inventory: Inventory, service: 'keepalived' | 'nginx'): string[] =>
  buildNeeds(inventory, service).map(({ feature }) => feature);
/** A site of its own nginx configuration. */
const site = (text: string): Inventory => {
  const inventory = pair();
  const own = {
    name: 'own',
    listen: ['80'],
    serverNames: ['_'],
    serves: { kind: 'file', path: 'own.conf', text },
  } as const;
  return { ...inventory, nginx: { ...inventory.nginx, sites: [own] } };
};

test('keepalived needs VRRP always, and its authentication with a password', () => {
  const inventory = pair();
  expect(features(inventory, 'keepalived')).toEqual(['Use VRRP Framework']);
  const secret = { ...inventory, vrrp: { ...inventory.vrrp, authPass: new Secret('1111', 'env:X') } };
  expect(features(secret, 'keepalived')).toEqual(['Use VRRP Framework', 'Use VRRP authentication']);
});

describe('nginx needs', () => {
  const always = ['http_rewrite_module'];
  test.each([
    ['a page', pair(), []],
    ['a directory', pair('nginx: { sites: [{ name: docs, root: /srv }] }'), []],
    [
      'requests that are passed on',
      pair('nginx: { sites: [{ name: app, proxy: [10.0.0.5:8080] }] }'),
      ['http_proxy_module', 'http_upstream_keepalive_module'],
    ],
    ['TLS', site('server { listen 443 ssl http2; }'), ['http_ssl_module', 'http_v2_module']],
    ['a certificate', site('ssl_certificate /a.pem;'), ['http_ssl_module']],
    [
      'a status page',
      site('location /s { stub_status; allow 10.0.0.0/8; }'),
      ['http_stub_status_module', 'http_access_module'],
    ],
    ['compression', site('gzip on; gzip_types text/css;'), ['http_gzip_filter_module']],
    ['what was compressed before', site('gzip_static on;'), ['http_gzip_static_module']],
    ['the address of the client', site('set_real_ip_from 10.0.0.1;'), ['http_realip_module']],
    ['an address that only looks like a word', site('server { listen 443; server_name ssl http2; }'), []],
    ['what a comment says', site('# proxy_pass http://x;\nroot /srv;'), []],
    ['what a string says', site('add_header X "; proxy_pass http://x;";'), []],
  ])('for %s', (_name, inventory, more) => {
    expect(features(inventory, 'nginx')).toEqual([...always, ...more]);
  });

  test('each module once, and says what asks for it', () => {
    expect(buildNeeds(site('proxy_pass http://a; proxy_set_header Host $host;'), 'nginx')).toEqual([
      { feature: 'http_rewrite_module', for: 'the answer to /haup/host' },
      { feature: 'http_proxy_module', for: 'proxy_pass http://a of the site own' },
    ]);
  });
});

test('connections that are passed on ask for stream', () => {
  const found = buildNeeds(
    pair('nginx: { sites: [{ name: api, listen: [6443], stream: [10.0.0.5:6443] }] }'),
    'nginx',
  );
  expect(found.map(({ feature }) => feature)).toEqual([
    'http_rewrite_module',
    'stream_core_module',
    'stream_proxy_module',
  ]);
});

test('directives are read with their values, of blocks too', () => {
  expect(
    directives(
      'upstream a { server b:80; }\nserver { listen 443 ssl; location / { return 200 "a;b{"; } } # end;',
    ),
  ).toEqual([
    ['upstream', 'a'],
    ['server', 'b:80'],
    ['server'],
    ['listen', '443', 'ssl'],
    ['location', '/'],
    ['return', '200', 'a;b{'],
  ]);
});
