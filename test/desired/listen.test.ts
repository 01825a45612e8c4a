import { describe, expect, test } from 'vitest';
import { healthUrl, openPorts } from '../../src/desired/listen.ts';

describe('the health check asks where a site answers on the host itself', () => {
  test.each([
    [['80'], 'http://127.0.0.1:80/haup/host'],
    [['8080 default_server'], 'http://127.0.0.1:8080/haup/host'],
    [['*:8080'], 'http://127.0.0.1:8080/haup/host'],
    [['0.0.0.0:81'], 'http://127.0.0.1:81/haup/host'],
    [['127.0.0.1:81'], 'http://127.0.0.1:81/haup/host'],
    [['127.0.0.1'], 'http://127.0.0.1:80/haup/host'],
    [['localhost:82'], 'http://127.0.0.1:82/haup/host'],
    [['[::]:80'], 'http://[::1]:80/haup/host'],
    [['[::]'], 'http://[::1]:80/haup/host'],
    [['443 ssl'], 'https://127.0.0.1:443/haup/host'],
    [['443 ssl', '80'], 'http://127.0.0.1:80/haup/host'],
    [['10.0.0.5:90', '80'], 'http://127.0.0.1:80/haup/host'],
    [['unix:/run/x.sock', '8443 ssl http2'], 'https://127.0.0.1:8443/haup/host'],
    [['443 quic reuseport', '443 ssl'], 'https://127.0.0.1:443/haup/host'],
  ])('%j', (listens, url) => {
    expect(healthUrl(listens)).toEqual({ url, extraListen: null });
  });
});

describe('when no site does, haup has a server for it', () => {
  test.each([
    [['10.0.0.5:8080'], '127.0.0.1:8080'],
    [['10.0.0.5'], '127.0.0.1:80'],
    [['[2001:db8::1]:81'], '127.0.0.1:81'],
    [['unix:/run/x.sock'], '127.0.0.1:80'],
    [[], '127.0.0.1:80'],
  ])('%j', (listens, extraListen) => {
    expect(healthUrl(listens)).toEqual({ url: `http://${extraListen}/haup/host`, extraListen });
  });
});

test.each([
  [['80', '[::]:80', '10.0.0.5:80'], [80]],
  [
    ['443 ssl', '80 default_server'],
    [443, 80],
  ],
  [['127.0.0.1:81', 'localhost:82', '[::1]:83', 'unix:/run/x.sock', '127.0.0.1'], []],
  [
    ['10.0.0.5', '*:8080'],
    [80, 8080],
  ],
  [['443 quic reuseport'], []],
])('from outside %j answers on %j', (listens, ports) => expect(openPorts(listens)).toEqual(ports));
