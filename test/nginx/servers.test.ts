import { describe, expect, test } from 'vitest';
import { statements } from '../../src/nginx/nginx-text.ts';
import { listensOn, openPorts, readListen, readServers } from '../../src/nginx/servers.ts';

const words = (text: string): (readonly string[])[] => statements(text).map((one) => one.words);

describe('nginx text is read as nginx reads it', () => {
  test.each([
    ['listen 80;', [['listen', '80']]],
    ['a "b c" \'d;{\' ;', [['a', 'b c', 'd;{']]],
    ['a "b\\"c";', [['a', 'b"c']]],
    ['a b\\;c \\{ d;', [['a', 'b\\;c', '\\{', 'd']]],
    ['# server { \na b#c;# d', [['a', 'b#c']]],
    [
      'a ${b}; c $d{ e f; }',
      [
        ['a', '${b}'],
        ['c', '$d'],
        ['e', 'f'],
      ],
    ],
    // Only between words is it the end of a block.
    ['a b}c;', [['a', 'b}c']]],
    ['a{b c;}d e;', [['a'], ['b', 'c'], ['d', 'e']]],
    ['a b', []],
    ['', []],
  ])('%j', (text, expected) => expect(words(text)).toEqual(expected));

  test('each knows the block that it is in', () => {
    const [, , listen] = statements('http { server { listen 80; } }');
    expect([listen?.parent?.words, listen?.parent?.parent?.words]).toEqual([['server'], ['http']]);
  });
});

describe('listen', () => {
  test.each([
    ['80', '*', 80, []],
    ['*:8080 default_server', '*', 8080, ['default_server']],
    ['0.0.0.0:81', '*', 81, []],
    ['192.0.2.7', '192.0.2.7', 80, []],
    ['192.0.2.7:443 ssl http2', '192.0.2.7', 443, ['ssl', 'http2']],
    ['[::]:80 ipv6only=off', '::', 80, ['ipv6only=off']],
    ['[2001:db8::1]', '2001:db8::1', 80, []],
    ['localhost:82', 'localhost', 82, []],
    ['unix:/run/x.sock proxy_protocol', null, 0, ['proxy_protocol']],
  ] as const)('%s', (text, address, port, parameters) =>
    expect(readListen(text.split(' '))).toEqual({ text, address, port, lastPort: port, parameters }),
  );

  test('a range of ports', () =>
    expect(readListen(['8000-8010'])).toMatchObject({ port: 8000, lastPort: 8010 }));

  test.each([
    ['80', true],
    ['192.0.2.100:80', true],
    ['192.0.2.7:80', false],
    ['[::]:80', false],
    ['[::]:80 ipv6only=off', true],
    ['443 quic', false],
    ['unix:/run/x.sock', false],
    ['127.0.0.1:80', false],
  ])('%s answers at 192.0.2.100: %s', (text, expected) => {
    const listen = readListen(text.split(' '));
    expect(listen !== null && listensOn(listen, '192.0.2.100')).toBe(expected);
  });
});

describe('servers', () => {
  test('those of http and of stream, wherever they are, and no server of an upstream', () => {
    const found = readServers(`
# listen 1;
upstream u { server a; }
server { listen 80 default_server; listen [::]:80; location / { set $x "listen 2;"; } }
http { server { server_name b "c"; listen
  443   ssl; ssl_verify_client on; } }
stream { server { listen 6443; } }`);
    expect(found.map(({ kind, listens }) => [kind, ...listens.map(({ text }) => text)])).toEqual([
      ['http', '80 default_server', '[::]:80'],
      ['http', '443 ssl'],
      ['stream', '6443'],
    ]);
    expect(found[1]).toMatchObject({ names: ['b', 'c'], wantsCertificate: true, includes: false });
  });

  test('one that says nothing listens on 80; one that includes a file may listen anywhere', () => {
    expect(readServers('server { root /x; }')[0]?.listens.map(({ text }) => text)).toEqual(['80']);
    expect(readServers('server { include x; }')[0]).toMatchObject({ listens: [], includes: true });
  });

  test('what is said around servers holds for each that does not say otherwise', () => {
    const text = 'ssl_reject_handshake on; server { listen 1 ssl; } server { ssl_reject_handshake off; }';
    expect(readServers(text).map(({ rejects }) => rejects)).toEqual([true, false]);
  });
});

test.each([
  [['80', '[::]:80', '10.0.0.5:80'], [80]],
  [
    ['443 ssl', '80 default_server', '8000-8002'],
    [443, 80, 8000, 8001, 8002],
  ],
  [['127.0.0.1:81', 'localhost:82', '[::1]:83', 'unix:/run/x.sock', '127.0.0.1'], []],
  [['443 quic reuseport'], []],
])('from outside %j answers on %j', (listens, ports) => {
  const text = `server { ${listens.map((one) => `listen ${one};`).join(' ')} }`;
  const serves = { kind: 'file', path: 'x', text } as const;
  expect(openPorts({ sites: [{ name: 'x', listen: [], serverNames: [], serves }] })).toEqual(ports);
});
