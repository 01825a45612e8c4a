import { expect, test } from 'vitest';
import { sitesIn, wholeText } from '../../src/nginx/whole-config.ts';
import { probeOf, probesOf, probeWords } from '../../src/nginx/probe.ts';

const files = new Map([
  [
    '/etc/nginx/nginx.conf',
    'http {\n include conf.d/*.conf;\n include gone.conf;\n}\nstream {\n  include /srv/api.conf;\n}',
  ],
  ['/etc/nginx/conf.d/a.conf', 'server { listen 81; }'],
  ['/etc/nginx/conf.d/b.conf.old', 'server { listen 82; }'],
  ['/srv/api.conf', 'server { listen 6443; proxy_pass x; }'],
]);

test('what is included stands where it is included', () => {
  const text = wholeText('/etc/nginx/nginx.conf', files) ?? '';
  expect(text).toContain('listen 81');
  expect(text).not.toContain('listen 82');
  expect(probeWords(probeOf(sitesIn(text), '192.0.2.1'))).toBe('HTTP on port 81');
  const only = new Map([...files].filter(([path]) => !path.includes('conf.d')));
  const streams = sitesIn(wholeText('/etc/nginx/nginx.conf', only) ?? '');
  expect(probeWords(probeOf(streams, '192.0.2.1'))).toBe('a TCP connection on port 6443');
});

test('a file that includes itself ends', () => {
  expect(wholeText('/a', new Map([['/a', 'include /a;']]))).toContain('include /a;');
});

test('without its first file nothing is known', () => {
  expect(wholeText('/etc/nginx/nginx.conf', new Map())).toBeNull();
});

test('a VIP is asked as it is to be first, then as it was, each way once', () => {
  const sites = (port: number) => sitesIn(`server { listen ${port}; }`);
  const asked = probesOf([sites(80), sites(8080), sites(80), sites(8080)], '192.0.2.1');
  expect(asked.map(({ port }) => port)).toEqual([80, 8080]);
});
