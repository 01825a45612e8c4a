/** Builds: upload, configure, make, clean up. */

import type { BuildNeed, BuildRecipe, Tarball } from '../../model/desired.ts';
import { initFeature, sourceDirectory } from '../../model/layout.ts';
import { type Meaning, minute, type RemoteJob } from '../remote-job.ts';
import { asideMark, lacksMark } from '../advice.ts';
import { hostScript } from '../../base/host-script.ts';
import { quote } from '../../base/quote.ts';

/** Exit status of an upload that is not what was sent. */
export const damagedStatus = 65;

export const upload = (tarball: Tarball, bytes: Uint8Array): RemoteJob => ({
  script: hostScript('upload', {
    name: tarball.name,
    sha256: tarball.sha256,
    damaged_status: damagedStatus,
  }),
  stdin: bytes,
  timeoutMs: 10 * minute,
  failure: 'COMMAND_FAILED',
  what: `pushing ${tarball.name}`,
});

/** Exit status of a download that is not what was asked for. */
const otherStatus = 66;

/** The same, downloaded by the host. */
export const fetchTarball = (tarball: Tarball): RemoteJob => ({
  script: hostScript(
    'fetch-tarball',
    { name: tarball.name, sha256: tarball.sha256, other_status: otherStatus },
    tarball.urls,
  ),
  timeoutMs: 10 * minute,
  lifeline: true,
  failure: 'DOWNLOAD_FAILED',
  meaning: {
    [otherStatus]: {
      code: 'CHECKSUM_MISMATCH',
      message: `${tarball.name} is not what was expected, and was discarded.`,
      hint: 'If you trust this file, put its sha256 into the inventory; else try another URL. What was installed before still runs.',
    },
  },
  what: `downloading ${tarball.name} on the host`,
});

export const buildDirectory = (recipe: BuildRecipe): string =>
  `${sourceDirectory}/${recipe.software}-${recipe.version}`;
export const nameOf = (recipe: BuildRecipe): string => `${recipe.software} ${recipe.version}`;

/** What a finished ./configure has put into the build, one feature a line, below the build's directory. */
export const featureFile = '.haup-features';
/** Exit status of a build that lacks what the configuration needs. */
export const lackingStatus = 67;

export const configure = (recipe: BuildRecipe, needs: readonly BuildNeed[]): RemoteJob => ({
  script: hostScript(
    'configure',
    {
      software: recipe.software,
      directory: buildDirectory(recipe),
      tarball: `${sourceDirectory}/${recipe.tarball.name}`,
      feature_file: featureFile,
      init_feature: initFeature,
      aside: asideMark,
      ...checking(needs),
    },
    recipe.configure,
  ),
  timeoutMs: 10 * minute,
  lifeline: true,
  failure: 'CONFIGURE_FAILED',
  meaning: { [lackingStatus]: lacks(recipe) },
  what: `./configure of ${nameOf(recipe)}`,
});

/** What check-features.sh takes. */
export const checking = (needs: readonly BuildNeed[]) => ({
  needs: needs.map(({ feature, for: reason }) => `${feature}\t${reason}`),
  lacks_mark: lacksMark,
  lacking_status: lackingStatus,
});

export const lacks = (recipe: BuildRecipe): Meaning => ({
  code: 'CONFIGURE_FAILED',
  message: `${nameOf(recipe)} would lack what its configuration needs.`,
  hint: `Remove the option that leaves it out (--without-…, --disable-…) from ${recipe.software}.configure, or add the one that brings it in (--with-…, --enable-…), and run haup apply again. What was installed before still runs.`,
});

export function build(step: 'make' | 'clean-build', recipe: BuildRecipe): RemoteJob {
  switch (step) {
    case 'make':
      return {
        script: hostScript('make', { directory: buildDirectory(recipe) }),
        timeoutMs: 30 * minute,
        lifeline: true,
        failure: 'MAKE_FAILED',
        what: `make of ${nameOf(recipe)}`,
      };
    case 'clean-build':
      return {
        script: `rm -rf ${quote(sourceDirectory)}`,
        timeoutMs: minute,
        failure: 'COMMAND_FAILED',
        what: `removing the build tree of ${nameOf(recipe)}`,
      };
  }
}
