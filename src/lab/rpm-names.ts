/** What Debian's packages are called in Red Hat's world, and how those differ. */

import { labScript } from './lab-script.ts';

/**
 * Red Hat's name → patterns of the Debian packages in it; the first that is found gives the version. A package
 * without an entry keeps its name, since neither haup nor a user asks for it.
 */
export const rpmNames: Readonly<Record<string, readonly string[]>> = {
  // What the builds need.
  gcc: ['gcc-\\d+', 'gcc-\\d+-[a-z0-9-]+-linux-gnu', 'gcc', 'gcc-[a-z0-9-]+-linux-gnu', 'libgcc-\\d+-dev'],
  cpp: ['cpp-\\d+', 'cpp-\\d+-[a-z0-9-]+-linux-gnu', 'cpp', 'cpp-[a-z0-9-]+-linux-gnu'],
  binutils: [
    'binutils',
    'binutils-.+',
    'libbinutils',
    'libctf0',
    'libctf-nobfd0',
    'libgprofng0',
    'libsframe\\d+',
  ],
  'glibc-devel': ['libc6-dev', 'libc-dev-bin'],
  'kernel-headers': ['linux-libc-dev'],
  'libxcrypt-devel': ['libcrypt-dev'],
  'pkgconf-pkg-config': ['pkgconf', 'pkgconf-bin', 'pkg-config'],
  libpkgconf: ['libpkgconf\\d+'],
  'openssl-devel': ['libssl-dev'],
  libnl3: ['libnl-3-200', 'libnl-genl-3-200'],
  'libnl3-devel': ['libnl-3-dev', 'libnl-genl-3-dev'],
  'systemd-devel': ['libsystemd-dev', 'systemd-dev'],
  'zlib-devel': ['zlib1g-dev'],
  pcre: ['libpcre3'],
  'pcre-cpp': ['libpcrecpp0v5'],
  'pcre-utf16': ['libpcre16-3'],
  'pcre-utf32': ['libpcre32-3'],
  'pcre-devel': ['libpcre3-dev'],
  'pcre2-utf16': ['libpcre2-16-0'],
  'pcre2-utf32': ['libpcre2-32-0'],
  'pcre2-devel': ['libpcre2-dev', 'libpcre2-posix\\d+'],
  'iptables-devel': ['libxtables-dev', 'libip4tc-dev', 'libip6tc-dev'],
  'ipset-libs': ['libipset\\d+'],
  'ipset-devel': ['libipset-dev'],
  libnftnl: ['libnftnl\\d+'],
  'libnftnl-devel': ['libnftnl-dev'],
  'libmnl-devel': ['libmnl-dev'],
  jansson: ['libjansson4'],
  'net-snmp-libs': ['libsnmp\\d+(?:t64)?', 'libsnmp-base'],
  nginx: ['nginx', 'nginx-common', 'nginx-core'],
  // What every host has.
  'haup-lab-release': ['base-files'],
  glibc: ['libc6'],
  'glibc-common': ['libc-bin'],
  libgcc: ['libgcc-s1'],
  'libstdc++': ['libstdc\\+\\+6'],
  libgomp: ['libgomp1'],
  libxcrypt: ['libcrypt1'],
  'openssl-libs': ['libssl3(?:t64)?'],
  zlib: ['zlib1g'],
  pcre2: ['libpcre2-8-0'],
  libmnl: ['libmnl0'],
  'iptables-libs': ['libxtables12', 'libip4tc2', 'libip6tc2'],
  libcurl: ['libcurl4(?:t64)?'],
  systemd: ['systemd', 'systemd-sysv'],
  'systemd-libs': ['libsystemd0', 'libudev1'],
  iproute: ['iproute2'],
  'procps-ng': ['procps'],
  'shadow-utils': ['passwd', 'login'],
  'openssh-clients': ['openssh-client'],
  pam: ['libpam0g(?:t64)?', 'libpam-modules', 'libpam-modules-bin', 'libpam-runtime'],
};

/** Debian's package management, which a host of this flavour does not have. */
export const unlikeRpm: readonly string[] = [
  'apt',
  'dpkg',
  'libapt-pkg.*',
  'apt-utils',
  'debconf',
  'debian-archive-keyring',
  'ubuntu-keyring',
  'ucf',
  'usrmerge',
];

export interface Amendment {
  readonly requires?: readonly string[];
  readonly provides?: readonly string[];
  /** sh that runs in the tree of the package's files before it is packed. */
  readonly tree?: string;
  /** Text of the spec: what runs on the host when this package, or another, comes. */
  readonly scripts?: string;
}

/** By the name of the RPM package. */
export const amendments: Readonly<Record<string, Amendment>> = {
  // Tells dnf the release.
  'haup-lab-release': { provides: ['system-release = 9', 'system-release(releasever) = 9'] },
  // Package scripts require this path, which a merged /usr lists under another package.
  dash: { provides: ['/bin/sh'] },
  // On Debian these come from recommendations or scripts.
  gcc: { requires: ['glibc-devel'], tree: 'ln -s gcc usr/bin/cc' },
  glibc: { scripts: '%transfiletriggerin -n glibc -P 2000000 -- /usr/lib\n/usr/sbin/ldconfig' },
  systemd: {
    scripts:
      '%transfiletriggerin -n systemd -- /usr/lib/systemd/system /etc/systemd/system\n[ ! -d /run/systemd/system ] || systemctl daemon-reload',
  },
  keepalived: { tree: labScript('amend-keepalived') },
  nginx: {
    requires: ['shadow-utils'],
    tree: labScript('amend-nginx'),
    scripts: `%pre -n nginx
getent passwd nginx >/dev/null || useradd --system --user-group --no-create-home --home-dir /var/lib/nginx --shell /usr/sbin/nologin nginx`,
  },
};
