import { expect, test } from 'vitest';
import { knownVersions, tarball } from '../../src/desired/releases.ts';
import { refusal } from './hosts.ts';

test.each(['keepalived', 'nginx'] as const)(
  'every known digest of %s is a sha256, and none is there twice',
  (software) => {
    const digests = knownVersions(software).map(
      (version) => tarball(software, { version, sha256: null, urls: [] }).sha256,
    );
    expect(digests.length).toBeGreaterThan(10);
    expect(digests.filter((one) => !/^[0-9a-f]{64}$/.test(one))).toEqual([]);
    expect(new Set(digests).size).toBe(digests.length);
  },
);

test('the versions of the source document are known', () => {
  expect(tarball('keepalived', { version: '2.2.4', sha256: null, urls: ['u'] })).toEqual({
    name: 'keepalived-2.2.4.tar.gz',
    urls: ['u'],
    sha256: '0138d69087d44beaaa589527f0cfa6885958b320a837147d02b6b7df73ebc1df',
  });
  expect(knownVersions('nginx')).toContain('1.20.1');
});

test("the inventory's digest wins, also in capitals", () => {
  expect(tarball('nginx', { version: '1.26.3', sha256: 'A'.repeat(64), urls: [] }).sha256).toBe(
    'a'.repeat(64),
  );
});

test('a version whose digest nobody knows is refused, with the ones that are known', () => {
  const error = refusal(() => tarball('nginx', { version: '1.99.0', sha256: null, urls: [] }));
  expect(error.code).toBe('INVENTORY_INVALID');
  expect(error.message).toMatch(/haup does not know the sha256 of nginx 1\.99\.0/);
  expect(error.hint).toMatch(/nginx: \{ sha256: … \}.*1\.20\.1/);
});
