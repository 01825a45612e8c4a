/** Which packages a build needs, and which haup's scripts on a host call. Pure. */

import { familyNames, type PackageFamily, packageNames, type PackagePart } from '../base/package-managers.ts';
import { atLeast } from '../base/version.ts';
import type { BuildRecipe } from '../model/desired.ts';
import { type Service, services } from '../model/domain.ts';
import type { HostFacts, OsFacts } from '../model/facts.ts';
import type { PackageManager } from '../model/package-manager.ts';

/** An option of ./configure that needs headers beyond the usual. */
const options: readonly (readonly [Service, RegExp, PackagePart])[] = [
  ['keepalived', /^--enable-regex$/, 'pcre2'],
  ['keepalived', /^--enable-snmp/, 'snmp'],
  ['keepalived', /^--enable-dbus/, 'glib'],
  ['nginx', /^--with-http_xslt_module/, 'xslt'],
  ['nginx', /^--with-http_image_filter_module/, 'gd'],
];

/** What building `recipe` needs installed. Empty without a package manager: ./configure says what it misses. */
export function buildPackages(
  recipe: BuildRecipe,
  manager: PackageManager | null,
  os: OsFacts,
): readonly string[] {
  if (manager === null) return [];
  const asked = options.flatMap(([software, pattern, part]) =>
    software === recipe.software && recipe.configure.some((one) => pattern.test(one)) ? [part] : [],
  );
  const usual: readonly PackagePart[] =
    recipe.software === 'keepalived'
      ? ['compiler', 'pkgConfig', 'openssl', 'libnl']
      : [
          'compiler',
          ...(usesPcre(recipe) ? ([pcreGeneration(recipe) === 1 ? 'pcre1' : 'pcre2'] as const) : []),
          ...(recipe.configure.includes('--without-http_gzip_module') ? [] : (['zlib'] as const)),
          ...(usesOpenssl(recipe) ? (['openssl'] as const) : []),
        ];
  return [...new Set([...usual, ...asked].flatMap((part) => packageNames(manager, part, os)))];
}

/**
 * What haup's scripts on the host call: who has a VIP, and who answers, also where no health check asks. `keeps`: open
 * connections live on when a VIP moves.
 */
export function runtimePackages(
  facts: Pick<HostFacts, 'packageManager' | 'packages' | 'os' | 'nft'>,
  keeps: boolean,
): readonly string[] {
  const { packageManager: manager, os } = facts;
  if (manager === null) return [];
  // An nft that came some other way serves too.
  const other = facts.nft === 'present' && facts.packages['nftables'] === undefined;
  const nft = keeps && facts.nft !== 'old-kernel' && !other;
  return [
    ...packageNames(manager, 'ip', os),
    ...curlPackage(facts),
    ...(nft ? packageNames(manager, 'nft', os) : []),
  ];
}

export function curlPackage({
  packageManager: manager,
  packages,
  os,
}: Pick<HostFacts, 'packageManager' | 'packages' | 'os'>): readonly string[] {
  // Red Hat's minimal installations have a smaller curl under another name that conflicts with the full one.
  if (manager === null || packages['curl-minimal'] !== undefined) return [];
  return packageNames(manager, 'curl', os);
}

/** The package of the program ip; null: there is no package manager to install it. */
export const ipPackage = ({
  packageManager: manager,
  os,
}: Pick<HostFacts, 'packageManager' | 'os'>): string | null =>
  manager === null ? null : (packageNames(manager, 'ip', os)[0] ?? null);

const known = (family: PackageFamily): readonly string[] => [...familyNames(family), ...services];

/** Every name that `desire` may ask for: what facts have to look up. */
export const knownPackages: Readonly<Record<PackageFamily, readonly string[]>> = {
  deb: known('deb'),
  rpm: [...known('rpm'), 'curl-minimal'],
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
