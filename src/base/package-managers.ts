/**
 * What haup needs to know about each package manager, one entry each; docs/architecture.md says how to add one. Pure.
 */

import type { OsFacts } from '../model/facts.ts';
import type { PackageManager } from '../model/package-manager.ts';
import { redHatMajor } from './red-hat.ts';

/** Whose packages: the names that they have, the database that lists them, and what installs and removes them. */
export type PackageFamily = 'deb' | 'rpm';

export interface PackageManagerEntry {
  readonly family: PackageFamily;
  /** Locks of the kernel that a run holds. */
  readonly heldLocks: readonly string[];
  /** Files in which a process at work writes its number. */
  readonly namedLocks: readonly string[];
  readonly names: Readonly<Record<PackagePart, readonly PackageName[]>>;
  /** The user that its package of nginx runs the workers as. */
  readonly nginxUser: string;
}

/** What haup installs: what a build needs, and what its scripts on a host call. */
export type PackagePart =
  | 'compiler'
  | 'pkgConfig'
  | 'openssl'
  | 'libnl'
  | 'pcre1'
  | 'pcre2'
  | 'zlib'
  | 'glib'
  | 'snmp'
  | 'xslt'
  | 'gd'
  | 'curl'
  | 'ip'
  | 'nft'
  | 'nginxStream';

/** One that newer systems call otherwise has both names. */
export type PackageName =
  | string
  | { readonly before: string; readonly since: string; readonly renamed: (os: OsFacts) => boolean };

const debNames: PackageManagerEntry['names'] = {
  compiler: ['gcc', 'make', 'libc6-dev'],
  pkgConfig: ['pkg-config'],
  openssl: ['libssl-dev'],
  libnl: ['libnl-3-dev', 'libnl-genl-3-dev'],
  pcre1: ['libpcre3-dev'],
  pcre2: ['libpcre2-dev'],
  zlib: ['zlib1g-dev'],
  glib: ['libglib2.0-dev'],
  snmp: ['libsnmp-dev'],
  xslt: ['libxslt1-dev'],
  gd: ['libgd-dev'],
  curl: ['curl'],
  ip: ['iproute2'],
  nft: ['nftables'],
  nginxStream: ['libnginx-mod-stream'],
};

/** `major`: the version of Red Hat whose names count on a system that is no relative of it. */
const rpmNames = (major: number): PackageManagerEntry['names'] => ({
  compiler: ['gcc', 'make'],
  pkgConfig: [
    {
      before: 'pkgconfig',
      since: 'pkgconf-pkg-config',
      renamed: (os) => (redHatMajor(os) ?? major) >= 8,
    },
  ],
  openssl: ['openssl-devel'],
  libnl: ['libnl3-devel'],
  pcre1: ['pcre-devel'],
  pcre2: ['pcre2-devel'],
  zlib: [
    {
      before: 'zlib-devel',
      since: 'zlib-ng-compat-devel',
      renamed: (os) =>
        os.id === 'fedora' ? Number.parseInt(os.version, 10) >= 40 : (redHatMajor(os) ?? 0) >= 10,
    },
  ],
  glib: ['glib2-devel'],
  snmp: ['net-snmp-devel'],
  xslt: ['libxslt-devel'],
  gd: ['gd-devel'],
  curl: ['curl'],
  ip: ['iproute'],
  nft: ['nftables'],
  nginxStream: ['nginx-mod-stream'],
});

const rpmLocks = ['/var/lib/rpm/.rpm.lock', '/usr/lib/sysimage/rpm/.rpm.lock'];
/** dnf waits for yum's, and yum for dnf's. */
const rpmNamedLocks = [
  '/var/lib/dnf/rpmdb_lock.pid',
  '/var/cache/dnf/metadata_lock.pid',
  '/var/cache/dnf/download_lock.pid',
  '/var/run/yum.pid',
];

export const packageManagerEntries: Readonly<Record<PackageManager, PackageManagerEntry>> = {
  'apt-get': {
    family: 'deb',
    heldLocks: [
      '/var/lib/dpkg/lock-frontend',
      '/var/lib/dpkg/lock',
      '/var/lib/apt/lists/lock',
      '/var/cache/apt/archives/lock',
    ],
    namedLocks: [],
    names: debNames,
    nginxUser: 'www-data',
  },
  dnf: {
    family: 'rpm',
    heldLocks: rpmLocks,
    namedLocks: rpmNamedLocks,
    names: rpmNames(8),
    nginxUser: 'nginx',
  },
  yum: {
    family: 'rpm',
    heldLocks: rpmLocks,
    namedLocks: rpmNamedLocks,
    names: rpmNames(7),
    nginxUser: 'nginx',
  },
};

export const packageNames = (manager: PackageManager, part: PackagePart, os: OsFacts): readonly string[] =>
  packageManagerEntries[manager].names[part].map((name) =>
    typeof name === 'string' ? name : name.renamed(os) ? name.since : name.before,
  );

/** Every name that a family has for what haup installs, on whatever system. */
export const familyNames = (family: PackageFamily): readonly string[] => [
  ...new Set(
    Object.values(packageManagerEntries)
      .filter((entry) => entry.family === family)
      .flatMap(({ names }) => Object.values(names).flat())
      .flatMap((name) => (typeof name === 'string' ? [name] : [name.before, name.since])),
  ),
];
