import { expect, test } from 'vitest';
import { distributionSources, osRelease, sourceLine } from '../../src/lab/sources.ts';

const debian = { id: 'debian', codename: 'bookworm' };
const lines = (path: string, text: string, os = debian): readonly string[] =>
  distributionSources([{ path, text }], os, '/keys').sources.map((source) => sourceLine('deb', source));

test('one-line sources give the release, its updates and its security suite, only main', () => {
  const text = `# a comment
deb http://mirror.example/debian bookworm main contrib non-free-firmware
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/security bookworm-security main # trailing
 deb	http://mirror.example/debian   bookworm-updates	main
deb http://mirror.example/debian bookworm-backports main`;
  expect(lines('/etc/apt/sources.list', text)).toEqual([
    'deb http://mirror.example/debian bookworm main',
    'deb [signed-by=/k.gpg] http://mirror.example/security bookworm-security main',
    'deb http://mirror.example/debian bookworm-updates main',
  ]);
});

test('deb822 sources give a line for each suite, with their key', () => {
  const text = `Types: deb deb-src
# a snapshot
URIs: http://mirror.example/debian
Suites: bookworm
 bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://src.example/debian
Suites: bookworm
Components: main
`;
  expect(lines('/etc/apt/sources.list.d/debian.sources', text)).toEqual([
    'deb [signed-by=/usr/share/keyrings/debian.gpg] http://mirror.example/debian bookworm main',
    'deb [signed-by=/usr/share/keyrings/debian.gpg] http://mirror.example/debian bookworm-updates main',
  ]);
});

test('third parties are left out', () => {
  const text = `deb https://packages.example/apt cloud-sdk-bookworm main
deb https://docker.example/linux/debian bookworm stable
deb https://node.example nodistro main`;
  expect(lines('/etc/apt/sources.list.d/others.list', text)).toEqual([]);
});

test('the same place named twice counts once', () => {
  const text =
    'deb http://mirror.example/debian bookworm main\ndeb http://mirror.example/debian bookworm main\n';
  expect(lines('/etc/apt/sources.list', text)).toHaveLength(1);
});

test('Ubuntu gets universe, which building keepalived needs', () => {
  const text =
    'Types: deb\nURIs: http://mirror.example/ubuntu\nSuites: noble noble-backports\nComponents: main restricted\n';
  expect(lines('/x/ubuntu.sources', text, { id: 'ubuntu', codename: 'noble' })).toEqual([
    'deb http://mirror.example/ubuntu noble main universe',
  ]);
});

test('an inline key becomes a file', () => {
  const text = `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
`;
  const { sources, keys } = distributionSources([{ path: 'a.sources', text }], debian, '/keys');
  expect(sources[0]?.signedBy).toBe('/keys/inline-0.asc');
  expect(keys).toEqual([
    {
      name: 'inline-0.asc',
      text: '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQINBF\n-----END PGP PUBLIC KEY BLOCK-----',
    },
  ]);
});

test('a source marked as trusted stays trusted', () => {
  expect(lines('/etc/apt/sources.list', 'deb [trusted=yes] file:/srv/mirror bookworm main')).toEqual([
    'deb [trusted=yes] file:/srv/mirror bookworm main',
  ]);
});

test('os-release is read with and without quotes', () => {
  const found = osRelease(
    'ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n# x\n',
  );
  expect([found.get('ID'), found.get('VERSION_CODENAME'), found.get('PRETTY_NAME')]).toEqual([
    'debian',
    'bookworm',
    'Debian GNU/Linux 12 (bookworm)',
  ]);
});
