import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { towardsVault, vaultFiles } from '../../src/desired/vault.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import { bareFacts } from '../fakes/host.ts';
import { pair, resourcesOf } from './hosts.ts';

const stock = `# CentOS-Base.repo
#
# If the mirrorlist= does not work for you, as a fall back you can try the
# remarked out baseurl= line instead.

[base]
name=CentOS-$releasever - Base
mirrorlist=http://mirrorlist.example.org/?release=$releasever&arch=$basearch&repo=os&infra=$infra
#baseurl=http://mirror.example.org/centos/$releasever/os/$basearch/
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7

#additional packages that may be useful
[extras]
name=CentOS-$releasever - Extras
mirrorlist=http://mirrorlist.example.org/?release=$releasever&arch=$basearch&repo=extras&infra=$infra
# baseurl=http://mirror.example.org/centos/$releasever/extras/$basearch/
gpgcheck=1
`;
const moved = stock
  .replaceAll('\nmirrorlist=', '\n#mirrorlist=')
  .replace('#baseurl=http://mirror.', 'baseurl=http://vault.')
  .replace('# baseurl=http://mirror.', 'baseurl=http://vault.');

const section = (lines: string): string => `[one]\nname=One\n${lines}\nenabled=0\ngpgcheck=1\n`;

describe('a repo file', () => {
  const same = null;
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['a stock one', stock, moved],
    ['one that is at the vault already', moved, same],
    [
      'a mirror of the house beside a dead list',
      section('mirrorlist=http://mirrorlist.example.org/x\nbaseurl=http://mirror.house.example/centos/'),
      same,
    ],
    ['one that never had a list', section('baseurl=http://packages.house.example/'), same],
    ['a list with no address to put in its place', section('mirrorlist=http://lists.house.example/x'), same],
    [
      'another architecture, which has a tree of its own',
      section(
        'mirrorlist=http://m.example.org/x\n#baseurl=http://mirror.example.org/altarch/$releasever/os/$basearch/',
      ),
      section(
        '#mirrorlist=http://m.example.org/x\nbaseurl=http://vault.example.org/altarch/$releasever/os/$basearch/',
      ),
    ],
    [
      'EPEL, which has moved to an archive',
      section('#baseurl=http://download.example.org/pub/epel/7/$basearch\nmetalink=https://m.example.org/x'),
      section(
        'baseurl=http://download.example.org/pub/archive/epel/7/$basearch\n#metalink=https://m.example.org/x',
      ),
    ],
    [
      'one section of a house beside a stock one',
      `${section('baseurl=http://packages.house.example/')}${stock}`,
      `${section('baseurl=http://packages.house.example/')}${moved}`,
    ],
    ['an empty one', '', same],
  ];

  test.each(cases)('%s', (_name, before, after) => {
    expect(towardsVault(before)).toBe(after ?? before);
    expect(towardsVault(towardsVault(before))).toBe(after ?? before);
  });

  test('never loses its check of signatures, nor moves to https', () => {
    expect(moved).toBe(towardsVault(stock));
    expect(towardsVault(stock).match(/^gpgcheck=1$/gm)).toHaveLength(2);
    expect(towardsVault(stock)).not.toMatch(/^baseurl=https/m);
  });

  test('whatever its lines are, a second time changes nothing', () => {
    const line = fc.constantFrom(
      '[a]',
      '[b]',
      'mirrorlist=http://mirrorlist.example.org/x',
      '#mirrorlist=http://mirrorlist.example.org/x',
      'metalink=https://m.example.org/x',
      '#baseurl=http://mirror.example.org/centos/7/',
      '# baseurl=http://download.example.org/pub/epel/7/',
      'baseurl=http://house.example/',
      'gpgcheck=1',
      '',
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const once = towardsVault(lines.join('\n'));
        expect(towardsVault(once)).toBe(once);
        expect(once.replaceAll('#', '').length).toBeGreaterThanOrEqual(0);
        expect(once.split('\n')).toHaveLength(lines.join('\n').split('\n').length);
      }),
    );
  });
});

describe('whose repo files', () => {
  const path = '/etc/yum.repos.d/CentOS-Base.repo';
  const file = (text: string) =>
    ({ state: 'present', sha256: 'x', mode: 0o644, owner: 'root:root', text }) as const;
  const host = (
    id: string,
    version: string,
    files: HostFacts['files'] = { [path]: file(stock) },
  ): HostFacts => bareFacts('h', { os: { id, version, name: id }, packageManager: 'yum', files });

  test.each([
    ['centos', '7', true],
    ['centos', '8', true],
    ['centos', '9', false],
    ['rocky', '8', false],
    ['rhel', '7', false],
    ['debian', '12', false],
  ])('%s %s: %s', (id, version, is) => {
    expect(vaultFiles(host(id, version)).map((one) => one.path)).toEqual(is ? [path] : []);
  });

  test('only files of CentOS and of EPEL are touched', () => {
    const other = { '/etc/yum.repos.d/house.repo': file(stock), '/etc/yum.conf': file(stock) };
    expect(vaultFiles(host('centos', '7', other))).toEqual([]);
  });

  test('it is asked for, and comes before any package', () => {
    const facts = {
      os: { id: 'centos', version: '7', name: '' },
      packageManager: 'yum',
      files: { [path]: file(stock) },
    } as const;
    expect(resourcesOf(pair(), facts)[0]?.kind).toBe('package');
    const [first] = resourcesOf(pair('packages: { vault: true }'), facts);
    expect(first).toMatchObject({ kind: 'repos', files: [{ path, mode: 0o644 }] });
  });
});
