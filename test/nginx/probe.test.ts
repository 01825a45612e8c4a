import { describe, expect, test } from 'vitest';
import type { Site } from '../../src/model/domain.ts';
import { knownProbe, probeOf, probeWords } from '../../src/nginx/probe.ts';

const file = (text: string): Site => ({
  name: 'own',
  listen: ['80'],
  serverNames: [],
  serves: { kind: 'file', path: 'own.conf', text },
});
const vip = '192.0.2.100';
const words = (...sites: Site[]): string => probeWords(probeOf({ sites }, vip));
const tls = 'ssl_certificate c; ssl_certificate_key k;';

describe('a VIP is asked by what the sites speak there', () => {
  test.each([
    ['plain HTTP wherever it is', `server { listen 8080; }`, 'HTTP on port 8080'],
    ['rather plain HTTP', `server { listen 443 ssl; ${tls} } server { listen 81; }`, 'HTTP on port 81'],
    ['on the VIP itself', `server { listen ${vip}:82; } server { listen 192.0.2.7:80; }`, 'HTTP on port 82'],
    ['HTTPS without a name', `server { listen 443 ssl; ${tls} }`, 'HTTPS on port 443'],
    [
      'HTTPS by name',
      `server { listen 443 ssl; server_name _ *.example.org; ${tls} }`,
      'HTTPS on port 443 for www.example.org',
    ],
    [
      'HTTPS where the default server refuses who says no name',
      `server { listen 443 ssl default_server; ssl_reject_handshake on; } server { listen 443 ssl; server_name app.example.org; }`,
      'HTTPS on port 443 for app.example.org',
    ],
    [
      'a handshake where all are refused',
      `server { listen 443 ssl; ssl_reject_handshake on; }`,
      'a TLS handshake on port 443',
    ],
    [
      'a handshake where clients need a certificate',
      `server { listen 443 ssl; server_name app.example.org; ssl_verify_client on; ${tls} }`,
      'a TLS handshake on port 443 for app.example.org',
    ],
    [
      'what one server says of a socket holds for all that share it',
      `server { listen 80; } server { listen 80 proxy_protocol; server_name b; }`,
      'HTTP on port 80, behind a PROXY header',
    ],
    ['HTTP/2', `server { listen 80 http2; }`, 'HTTP/2 without TLS on port 80'],
    ['HTTP/2 beside HTTP/1.1', `server { listen 80; http2 on; }`, 'HTTP on port 80'],
    ['the old way to say TLS', `server { listen 443; ssl on; }`, 'HTTPS on port 443'],
  ])('%s', (_, text, expected) => expect(words(file(text))).toBe(expected));

  test('a connection where they are passed on', () => {
    const serves = { kind: 'stream', upstreams: ['10.0.0.5:6443'] } as const;
    expect(words({ name: 'k', listen: ['6443'], serverNames: [], serves })).toBe(
      'a TCP connection on port 6443',
    );
  });

  test('the inside of a server listens where the inventory says, and where it says itself', () => {
    expect(words({ ...file('listen 443 ssl;'), listen: ['8080'] })).toBe('HTTP on port 8080');
  });
});

test('where no site listens, nothing is known', () => {
  expect(knownProbe({ sites: [file('server { listen 127.0.0.1:80; }')] }, vip)).toBeNull();
});
