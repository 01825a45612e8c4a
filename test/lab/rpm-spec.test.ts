import { describe, expect, test } from 'vitest';
import { deb822 } from '../../src/lab/deb822.ts';
import { amendments, rpmNames, unlikeRpm } from '../../src/lab/rpm-names.ts';
import { ownPackages } from '../../src/lab/rpm-own.ts';
import type { RpmWorld } from '../../src/lab/rpm-spec.ts';
import { leftOut, rpmPackages, specText } from '../../src/lab/rpm-spec.ts';

const world: RpmWorld = { names: rpmNames, amendments, own: ownPackages, without: unlikeRpm };

/** As dpkg keeps it: what is on the image. */
const status = (text: string) =>
  deb822(text.replaceAll(/^Package: .*$/gm, '$&\nStatus: install ok installed'));
/** As the index of the pool has it. */
const pool = (text: string) =>
  deb822(text.replaceAll(/^Package: (.*)$/gm, 'Package: $1\nFilename: ./$1_amd64.deb'));

const image = status(`Package: libc6
Version: 2.36-9+deb12u14
Depends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~)
Description: GNU C Library: 100% shared

Package: libgcc-s1
Version: 12.2.0-14

Package: libcrypt1
Version: 1:4.4.33-2

Package: dpkg
Version: 1.21.22

Package: libssl3t64
Version: 3.0.22-1~deb12u2
Provides: libssl3 (= 3.0.22-1~deb12u2)
Depends: libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0

Package: libip4tc2
Version: 1.8.9-2

Package: mawk
Version: 1.3.4.20200120-3.1
Pre-Depends: libc6 (>= 2.29), dpkg (>= 1.15)
Provides: awk
`);
const waiting = pool(`Package: gcc
Version: 4:12.2.0-3
Depends: cpp (= 4:12.2.0-3), gcc-12 (>= 12.2.0-1~)

Package: gcc-12
Version: 12.2.0-14+deb12u1
Depends: cpp-12, binutils (>= 2.40), awk, libc6:any (>= 2.36)

Package: cpp
Version: 4:12.2.0-3
Depends: cpp-12

Package: cpp-12
Version: 12.2.0-14+deb12u1

Package: binutils
Version: 2.40-2

Package: libc6-dev
Version: 2.36-9+deb12u14
Depends: libc6 (= 2.36-9+deb12u14)

Package: libssl-dev
Version: 3.0.22-1~deb12u2
Depends: nothing-of-the-sort | libssl3 (= 3.0.22-1~deb12u2)

Package: libip6tc2
Version: 1.8.9-2

Package: some-tool
Version: 1.0-rc-1-2
`);
const packages = rpmPackages(image, waiting, world);
const named = (name: string) => packages.find((one) => one.name === name);

describe('packages', () => {
  test("several Debian packages become one under Red Hat's name, with the version of the main one", () => {
    expect(named('gcc')).toMatchObject({
      version: '12.2.0',
      release: '14+deb12u1',
      installed: false,
      members: ['gcc-12_amd64.deb', 'gcc_amd64.deb'],
    });
  });

  test('dependencies use the new names and provides; required recommendations are added', () => {
    expect(named('gcc')?.requires).toEqual(['binutils', 'cpp', 'glibc', 'glibc-devel', 'mawk']);
    expect(named('openssl-devel')?.requires).toEqual(['openssl-libs']);
    expect(named('glibc')?.requires).toEqual(['libgcc', 'libxcrypt']);
  });

  test("Debian's package management is left out, and nothing requires it", () => {
    expect(leftOut(image, world)).toEqual(['dpkg']);
    expect(named('dpkg')).toBeUndefined();
    expect(named('mawk')?.requires).toEqual(['glibc']);
    expect(named('openssl-libs')?.requires).toEqual(['glibc']);
  });

  test('every dependency exists, and no name appears twice', () => {
    const names = packages.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(packages.flatMap(({ requires }) => requires).filter((one) => !names.includes(one))).toEqual([]);
  });

  test('a package is installed as a whole or not at all', () => {
    expect(named('iptables-libs')).toMatchObject({ installed: true, members: ['libip4tc2'] });
    expect(named('libip6tc2')).toMatchObject({ installed: false, members: ['libip6tc2_amd64.deb'] });
    // The one that has the name itself keeps it.
    const half = rpmPackages(
      status('Package: binutils-common\nVersion: 2.40-2\n'),
      pool('Package: binutils\nVersion: 2.40-2\nDepends: binutils-common\n'),
      { ...world, own: {} },
    );
    expect(half).toMatchObject([
      { name: 'binutils', installed: false, requires: ['binutils-common'] },
      { name: 'binutils-common', installed: true },
    ]);
  });

  test.each([
    ['glibc', '2.36', '9+deb12u14'],
    ['libxcrypt', '4.4.33', '2'],
    ['some-tool', '1.0_rc_1', '2'],
  ])('%s has a version that RPM can read', (name, version, release) => {
    expect(named(name)).toMatchObject({ version, release });
  });

  test('every package that builds and hosts ask for exists', () => {
    const wanted =
      'gcc pkgconf-pkg-config openssl-devel libnl3-devel pcre-devel pcre2-devel zlib-devel systemd-devel iproute nginx';
    expect(Object.keys(rpmNames)).toEqual(expect.arrayContaining(wanted.split(' ')));
  });
});

describe('the spec', () => {
  const spec = specText(packages, world, '/lists');

  test('has one section per package, with its file list', () => {
    for (const { name } of packages) {
      expect(spec).toContain(`\n%package -n ${name}\n`);
      expect(spec).toContain(`\n%files -n ${name} -f /lists/${name}\n`);
    }
    expect(spec).toContain('Requires: openssl-libs\n');
    expect(spec).toContain('%package -n initscripts\n');
    expect(spec).toContain('Requires: chkconfig\n');
  });

  test("does not read a macro into Debian's text", () => {
    expect(spec).toContain('Summary: GNU C Library: 100%% shared\n');
  });

  test('has the scripts that run on installation', () => {
    expect(spec).toContain('%transfiletriggerin -n glibc');
    expect(spec).not.toContain('%pre -n nginx');
  });
});
