import { expect, test } from 'vitest';
import { origOf } from '../../src/lab/tarballs.ts';

const printed = `'http://mirror.example/pool/n/nginx_1.22.1-9%2bdeb12u1.dsc' nginx_1.22.1-9+deb12u1.dsc 3581 SHA256:87
'http://mirror.example/pool/n/nginx_1.22.1.orig.tar.gz' nginx_1.22.1.orig.tar.gz 1073948 SHA256:9eb
'http://mirror.example/pool/n/nginx_1.22.1-9%2bdeb12u1.debian.tar.xz' nginx_1.22.1-9+deb12u1.debian.tar.xz 104724 SHA256:75
`;

test('the orig tarball is found among the parts of a source package', () => {
  expect(origOf(printed, 'nginx')).toEqual({
    uri: 'http://mirror.example/pool/n/nginx_1.22.1.orig.tar.gz',
    file: 'nginx_1.22.1.orig.tar.gz',
    hash: 'SHA256:9eb',
    version: '1.22.1',
  });
});

test.each([
  ["'http://m/k_2.2.8+dfsg.orig.tar.xz' keepalived_2.2.8+dfsg.orig.tar.xz 1 SHA512:ab", '2.2.8'],
  ["'http://m/k_2.3.0~rc1.orig.tar.gz' keepalived_2.3.0~rc1.orig.tar.gz 1 SHA256:ab", '2.3.0'],
])("upstream's version is without what a distribution adds: %s", (line, version) => {
  expect(origOf(line, 'keepalived')?.version).toBe(version);
});

test.each([
  ['', 'nothing printed'],
  ["'http://m/nginx_1.22.1-1.dsc' nginx_1.22.1-1.dsc 1 SHA256:ab", 'no orig'],
  ["'http://m/libnginx_1.0.orig.tar.gz' libnginx_1.0.orig.tar.gz 1 SHA256:ab", 'another package'],
  ["'http://m/x' nginx_1.22.1.orig-extra.tar.gz 1 SHA256:ab", 'another component'],
])('%j is no orig tarball: %s', (text) => {
  expect(origOf(text, 'nginx')).toBeNull();
});
