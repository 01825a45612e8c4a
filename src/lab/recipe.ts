/** What a lab's hosts are made of, as data: the image is cached under the hash of all of it. */

import { sha256 } from '../base/digest.ts';
import { customize } from './customize.ts';
import type { Flavour } from './flavour.ts';
import { pools } from './pool.ts';
import { convertScript } from './rpm-convert.ts';
import { amendments, rpmNames, unlikeRpm } from './rpm-names.ts';
import { ownPackages } from './rpm-own.ts';
import type { RpmWorld } from './rpm-spec.ts';

export interface Recipe {
  readonly flavour: Flavour;
  /** `debian` or `ubuntu`. */
  readonly os: string;
  readonly codename: string;
  /** dpkg's word, `amd64`. */
  readonly arch: string;
  /** Packages of the image, besides the essential ones and apt. */
  readonly include: readonly string[];
  /** Sets of packages that hosts can install from the pool; the sets may exclude each other. */
  readonly pool: readonly (readonly string[])[];
  /** Options of dpkg, for the build and on every host. */
  readonly dpkg: readonly string[];
  /** Runs on the operator's machine with the image's root as $1, after the packages are in. */
  readonly customize: string;
  /** How all packages become RPM packages in the end; null: they stay Debian's. */
  readonly rpm: RpmRecipe | null;
}

export interface RpmRecipe extends RpmWorld {
  /** Runs inside the image. */
  readonly convert: string;
  /** Counts the ways in which specs were written: the code that does it is not in this recipe. */
  readonly specs: number;
}

export function recipeFor(os: string, codename: string, arch: string, flavour: Flavour): Recipe {
  const pool = pools[flavour];
  const world = { names: rpmNames, amendments, own: ownPackages, without: unlikeRpm };
  const rpm = { ...world, convert: convertScript, specs: 1 };
  return {
    flavour,
    os,
    codename,
    arch,
    include: flavour === 'apt' ? base : [...base, 'dnf', 'rpm', 'createrepo-c'],
    pool,
    dpkg,
    customize: customize(flavour, pool),
    rpm: flavour === 'apt' ? null : rpm,
  };
}

export function recipeHash(recipe: Recipe): string {
  return sha256(JSON.stringify(recipe)).slice(0, 16);
}

const dpkg: readonly string[] = [
  'force-unsafe-io',
  'path-exclude=/usr/share/doc/*',
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
];

const base: readonly string[] = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'iproute2',
  'procps',
  'sudo',
  'hostname',
];
