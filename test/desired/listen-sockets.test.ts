import { expect, test } from 'vitest';
import { refuseTakenPorts, socketsOf } from '../../src/desired/listen-sockets.ts';
import { parseSockets } from '../../src/facts/parse-sockets.ts';
import { rebound, socketText } from '../../src/base/sockets.ts';
import { type Listener, type Socket } from '../../src/model/socket.ts';
import { bareFacts } from '../fakes/host.ts';

const file = (text: string, path = '/c/nginx.conf') => ({
  path,
  bytes: Buffer.from(text),
  mode: 0o644,
  owner: 'root:root',
  secret: false,
});
const wanted = (...listens: string[]): readonly Socket[] =>
  socketsOf([file(`http { server { ${listens.map((one) => `listen ${one};`).join(' ')} } }`)]);

test.each([
  [['80'], ['0.0.0.0:80']],
  [
    ['*:8080', '127.0.0.1'],
    ['0.0.0.0:8080', '127.0.0.1:80'],
  ],
  [['localhost:80'], ['127.0.0.1:80']],
  [
    ['80', '[::]:80 default_server'],
    ['0.0.0.0:80', '[::]:80'],
  ],
  [['[::]:443 ssl ipv6only=off'], ['*:443']],
  [['[::1]'], ['[::1]:80']],
  // One socket for all addresses of a port is all that nginx opens.
  [
    ['80', '192.0.2.1:80', '192.0.2.1:81'],
    ['0.0.0.0:80', '192.0.2.1:81'],
  ],
  [['8000-8002'], ['0.0.0.0:8000', '0.0.0.0:8001', '0.0.0.0:8002']],
  [['unix:/run/x', '443 quic', '53 udp', 'example.com:80'], []],
])('nginx that is to listen on %j opens %j', (listens, sockets) => {
  expect(wanted(...listens).map(socketText)).toEqual(sockets);
});

test('every file counts, of streams too, and nothing but configuration', () => {
  const files = [
    file('http { include /c/a.conf; }'),
    file('server { listen 81; }', '/c/a.conf'),
    file('stream { server { listen 6443; } }', '/c/s.conf'),
    file('listen 99;', '/c/index.html'),
  ];
  expect(socketsOf(files).map(({ port }) => port)).toEqual([81, 6443]);
});

const has = (...places: string[]): readonly Socket[] =>
  places.map((place) => {
    const at = place.lastIndexOf(':');
    return { address: place.slice(0, at).replace(/[[\]]/g, ''), port: Number(place.slice(at + 1)) };
  });

test.each([
  [has('0.0.0.0:80'), wanted('192.0.2.1:80'), 'from 0.0.0.0:80 to 192.0.2.1:80'],
  [has('192.0.2.1:80'), wanted('80'), 'from 192.0.2.1:80 to 0.0.0.0:80'],
  [has('[::]:80'), wanted('[2001:db8::1]:80'), 'from [::]:80 to [2001:db8::1]:80'],
  [has('*:80'), wanted('192.0.2.1:80'), 'from *:80 to 192.0.2.1:80'],
  [has('0.0.0.0:80'), wanted('[::]:80 ipv6only=off'), 'from 0.0.0.0:80 to *:80'],
  [has('0.0.0.0:80'), wanted('80'), null],
  [has('0.0.0.0:80'), wanted('80', '192.0.2.1:80'), null],
  [has('0.0.0.0:80'), wanted('80', '[::]:80'), null],
  [has('0.0.0.0:80'), wanted('192.0.2.1:8080'), null],
  [has('192.0.2.1:80'), wanted('192.0.2.2:80'), null],
  // An old ss does not tell the two apart, and a restart for nothing would come with every change.
  [has('0.0.0.0:80', '*:80'), wanted('80', '[::]:80'), null],
  [[], wanted('80'), null],
])('with %j, to listen on %j: %s', (now, next, said) => expect(rebound(now, next)).toBe(said));

const said = `State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
LISTEN 0      511          0.0.0.0:80        0.0.0.0:*    users:(("nginx",pid=1016,fd=6),("nginx",pid=1015,fd=6))
LISTEN 0      128                *:8080            *:*    users:(("httpd worker",pid=7,fd=4))
LISTEN 0      128             [::]:22           [::]:*    users:(("sshd",pid=34,fd=4))
LISTEN 0      128               :::81             :::*    users:(("httpd",pid=8,fd=4))
LISTEN 0      4096    127.0.0.53%lo:53        0.0.0.0:*
`.split('\n');

test('what ss says of listeners', () => {
  expect(parseSockets(said, new Map([['nginx.service', new Map([['MainPID', '1015']])]]))).toEqual([
    { address: '0.0.0.0', port: 80, program: 'nginx', pid: 1015, service: 'nginx' },
    { address: '*', port: 8080, program: 'httpd worker', pid: 7, service: null },
    { address: '::', port: 22, program: 'sshd', pid: 34, service: null },
    { address: '*', port: 81, program: 'httpd', pid: 8, service: null },
    { address: '127.0.0.53', port: 53, program: '', pid: 0, service: null },
  ]);
  // Of a nginx that is no service nobody knows whether it goes when the service starts.
  expect(parseSockets(said, new Map())[0]?.service).toBeNull();
});

test('a program that has a port of nginx is named, with what has to be done; nginx itself is none', () => {
  const facts = (service: Listener['service']) =>
    bareFacts('a', { listening: [{ address: '*', port: 80, program: 'httpd', pid: 7, service }] });
  expect(() => refuseTakenPorts(wanted('192.0.2.1:80'), facts(null))).toThrow(
    expect.objectContaining({
      code: 'PORT_TAKEN',
      host: 'a',
      detail: ['192.0.2.1:80: httpd (process 7) listens on *:80'],
      hint: expect.stringContaining('systemctl status 7'),
    }),
  );
  refuseTakenPorts(wanted('80'), facts('nginx'));
  refuseTakenPorts(wanted('81'), facts(null));
  refuseTakenPorts(wanted('80'), bareFacts('a'));
});
