/** Names of packages, by package manager, where they differ by the version of the system too. */

import type { PackageManager } from '../model/package-manager.ts';
import type { BuildRecipe } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import type { HostFacts, OsFacts } from '../model/facts.ts';
import { atLeast } from '../base/version.ts';

/** What a part of a build needs, with the name that its headers have in each family. */
interface Names {
  readonly deb: readonly string[];
  readonly rpm: readonly string[];
}

const names = {
  compiler: { deb: ['gcc', 'make', 'libc6-dev'], rpm: ['gcc', 'make'] },
  openssl: { deb: ['libssl-dev'], rpm: ['openssl-devel'] },
  libnl: { deb: ['libnl-3-dev', 'libnl-genl-3-dev'], rpm: ['libnl3-devel'] },
  pcre1: { deb: ['libpcre3-dev'], rpm: ['pcre-devel'] },
  pcre2: { deb: ['libpcre2-dev'], rpm: ['pcre2-devel'] },
  glib: { deb: ['libglib2.0-dev'], rpm: ['glib2-devel'] },
  snmp: { deb: ['libsnmp-dev'], rpm: ['net-snmp-devel'] },
  xslt: { deb: ['libxslt1-dev'], rpm: ['libxslt-devel'] },
  gd: { deb: ['libgd-dev'], rpm: ['gd-devel'] },
  curl: { deb: ['curl'], rpm: ['curl'] },
  ip: { deb: ['iproute2'], rpm: ['iproute'] },
  nginxStream: { deb: ['libnginx-mod-stream'], rpm: ['nginx-mod-stream'] },
} as const satisfies Readonly<Record<string, Names>>;

/** An option of ./configure that needs headers beyond the usual. */
const options: readonly (readonly [Service, RegExp, Names])[] = [
  ['keepalived', /^--enable-regex$/, names.pcre2],
  ['keepalived', /^--enable-snmp/, names.snmp],
  ['keepalived', /^--enable-dbus/, names.glib],
  ['nginx', /^--with-http_xslt_module/, names.xslt],
  ['nginx', /^--with-http_image_filter_module/, names.gd],
];

/** What building `recipe` needs installed. Empty without a package manager: ./configure says what it misses. */
export function buildPackages(
  recipe: BuildRecipe,
  manager: PackageManager | null,
  os: OsFacts,
): readonly string[] {
  if (manager === null) return [];
  const pick = pickFor(manager);
  const asked = options.flatMap(([software, pattern, needed]) =>
    software === recipe.software && recipe.configure.some((one) => pattern.test(one)) ? pick(needed) : [],
  );
  const usual =
    recipe.software === 'keepalived'
      ? [...pick(names.compiler), pkgConfig(manager, os), ...pick(names.openssl), ...pick(names.libnl)]
      : [
          ...pick(names.compiler),
          ...(usesPcre(recipe) ? pick(pcreGeneration(recipe) === 1 ? names.pcre1 : names.pcre2) : []),
          ...(recipe.configure.includes('--without-http_gzip_module') ? [] : [zlib(manager, os)]),
          ...(usesOpenssl(recipe) ? pick(names.openssl) : []),
        ];
  return [...new Set([...usual, ...asked])];
}

/** What haup's scripts on the host call: who has a VIP, and who answers, also where no health check asks. */
export function runtimePackages(facts: Pick<HostFacts, 'packageManager' | 'packages'>): readonly string[] {
  const manager = facts.packageManager;
  if (manager === null) return [];
  return [...pickFor(manager)(names.ip), ...curlPackage(facts)];
}

/** Packages of nginx have what passes TCP connections on in a package of its own. */
export const streamPackage = (manager: PackageManager): readonly string[] =>
  pickFor(manager)(names.nginxStream);

export function curlPackage(facts: Pick<HostFacts, 'packageManager' | 'packages'>): readonly string[] {
  // Red Hat's minimal installations have a smaller curl under another name that conflicts with the full one.
  if (facts.packageManager === null || facts.packages['curl-minimal'] !== undefined) return [];
  return pickFor(facts.packageManager)(names.curl);
}

/** The package of the program ip; null: there is no package manager to install it. */
export const ipPackage = ({ packageManager }: Pick<HostFacts, 'packageManager'>): string | null =>
  packageManager === null ? null : (pickFor(packageManager)(names.ip)[0] ?? null);

/** Every name that `desire` may ask for: what facts have to look up. */
export const knownPackages: { readonly deb: readonly string[]; readonly rpm: readonly string[] } = {
  deb: [
    ...new Set(Object.values(names).flatMap((one) => one.deb)),
    'pkg-config',
    'zlib1g-dev',
    'keepalived',
    'nginx',
  ],
  rpm: [
    ...new Set(Object.values(names).flatMap((one) => one.rpm)),
    'pkgconfig',
    'pkgconf-pkg-config',
    'zlib-devel',
    'zlib-ng-compat-devel',
    'curl-minimal',
    'keepalived',
    'nginx',
  ],
};

/** nginx reads PCRE2 from 1.21.5 on, and only PCRE1 before. */
export const pcreGeneration = (recipe: Pick<BuildRecipe, 'version'>): 1 | 2 =>
  atLeast(recipe.version, '1.21.5') ? 2 : 1;

export const usesPcre = (recipe: Pick<BuildRecipe, 'configure'>): boolean =>
  !recipe.configure.some((one) => one === '--without-pcre' || one.startsWith('--with-pcre='));

/** nginx itself needs no OpenSSL: only these modules do. */
export const usesOpenssl = (recipe: Pick<BuildRecipe, 'configure'>): boolean =>
  recipe.configure.some((one) => /^--with-(http_ssl|mail_ssl|stream_ssl|http_v3)_module$/.test(one)) &&
  !recipe.configure.some((one) => one.startsWith('--with-openssl='));

/** Red Hat's major version or a relative's; null for other systems. */
export function redHatMajor(os: OsFacts): number | null {
  return /^(rhel|centos|rocky|almalinux|ol|scientific)$/.test(os.id) ? Number.parseInt(os.version, 10) : null;
}

const pickFor =
  (manager: PackageManager) =>
  (needed: Names): readonly string[] =>
    manager === 'apt-get' ? needed.deb : needed.rpm;

// From here on the same headers have another package name in newer systems.

function pkgConfig(manager: PackageManager, os: OsFacts): string {
  if (manager === 'apt-get') return 'pkg-config';
  const old = (redHatMajor(os) ?? (manager === 'yum' ? 7 : 8)) <= 7;
  return old ? 'pkgconfig' : 'pkgconf-pkg-config';
}

function zlib(manager: PackageManager, os: OsFacts): string {
  if (manager === 'apt-get') return 'zlib1g-dev';
  const ng = os.id === 'fedora' ? Number.parseInt(os.version, 10) >= 40 : (redHatMajor(os) ?? 0) >= 10;
  return ng ? 'zlib-ng-compat-devel' : 'zlib-devel';
}
