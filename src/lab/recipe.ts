/** What lab hosts are made of, as data: the image is cached under the hash of it all. */

import { sha256 } from '../base/digest.ts';
import { finishImage } from './finish-image.ts';
import type { Flavour } from './flavour.ts';
import { pools } from './pool.ts';
import { labScript } from './lab-script.ts';
import { amendments, rpmNames, unlikeRpm } from './rpm-names.ts';
import { ownPackages } from './rpm-own.ts';
import { type RpmWorld, workshop } from './rpm-spec.ts';

export interface Recipe {
  readonly flavour: Flavour;
  /** `debian` or `ubuntu`. */
  readonly os: string;
  readonly codename: string;
  /** As dpkg writes it, `amd64`. */
  readonly arch: string;
  /** Packages of the image, besides the essential ones and apt. */
  readonly include: readonly string[];
  /** Sets of packages that hosts can install from the pool; the sets may exclude each other. */
  readonly pool: readonly (readonly string[])[];
  /** Options of dpkg, for the build and on every host. */
  readonly dpkg: readonly string[];
  /** Runs on the operator's machine with the image's root as $1, once the packages are installed. */
  readonly finish: string;
  /** How packages become RPM packages at the end; null for Debian packages. */
  readonly rpm: RpmRecipe | null;
}

export interface RpmRecipe extends RpmWorld {
  /** Runs inside the image. */
  readonly convert: string;
  /** The version of the code that writes specs, which is not part of this recipe. */
  readonly specs: number;
}

export function recipeFor(os: string, codename: string, arch: string, flavour: Flavour): Recipe {
  const pool = pools[flavour];
  const world = { names: rpmNames, amendments, own: ownPackages, without: unlikeRpm };
  const rpm = { ...world, convert: labScript('convert-to-rpm', { workshop }), specs: 1 };
  return {
    flavour,
    os,
    codename,
    arch,
    include: flavour === 'apt' ? base : [...base, 'dnf', 'rpm', 'createrepo-c'],
    pool,
    dpkg,
    finish: finishImage(flavour, pool),
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
