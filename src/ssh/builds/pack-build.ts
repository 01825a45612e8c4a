/** Finished builds: packed on the host that made them, put in place on each. */

import type { BuildRecipe } from '../../model/desired.ts';
import { initSources, installedList, sourceDirectory, stampPath } from '../../model/layout.ts';
import type { Action, Pack } from '../../model/action.ts';
import { hostScript } from '../../base/host-script.ts';
import { quote } from '../../base/quote.ts';
import { minute, type RemoteJob } from '../remote-job.ts';
import { buildDirectory, checking, featureFile, lackingStatus, lacks, nameOf } from './build-steps.ts';
import { confining, placesFunction, strayed, straysStatus } from './confine-pack.ts';
import { lockMeaning } from '../packages/package-lock.ts';
import { installText } from '../packages/install-packages.ts';

const packFile = (pack: Pack): string => `${sourceDirectory}/${pack.key}.tar.gz`;

export function packBuild(recipe: BuildRecipe, pack: Pack): RemoteJob {
  const init = initSources(recipe.prefix);
  return {
    script: hostScript('pack-build', {
      software: recipe.software,
      directory: buildDirectory(recipe),
      prefix: recipe.prefix,
      entry: recipe.entry,
      pack_file: packFile(pack),
      feature_file: featureFile,
      stamp_path: stampPath(recipe.software, recipe.prefix),
      stamp: pack.stamp,
      init_script: init.script,
      init_settings: init.settings,
    }),
    timeoutMs: 5 * minute,
    failure: 'INSTALL_FAILED',
    what: `make install of ${nameOf(recipe)}`,
  };
}

/** Prints the pack that `packBuild` made. */
export const readPack = (recipe: BuildRecipe, pack: Pack): RemoteJob => ({
  script: `cat ${quote(packFile(pack))}`,
  timeoutMs: 5 * minute,
  failure: 'INSTALL_FAILED',
  what: `fetching the build of ${nameOf(recipe)}`,
});

/** `install_needs`, which place-build.sh calls. Made here, as each manager has scripts and arguments of its own. */
const needsFunction = ({ manager }: Pack, lockWait: number): string =>
  manager === null ? '' : `install_needs() ${installText(manager, '$(cat .haup-pack/needs)', lockWait)}\n`;

export const placeBuild = (
  { recipe, pack, needs = [] }: Extract<Action, { readonly do: 'place-build' }>,
  bytes: Uint8Array,
  lockWait: number,
): RemoteJob => ({
  script:
    placesFunction(recipe) +
    needsFunction(pack, lockWait) +
    hostScript('place-build', {
      ...confining(recipe),
      ...checking(needs),
      pack_file: packFile(pack),
      stamp: stampPath(recipe.software, recipe.prefix),
      list: installedList(recipe.software, recipe.prefix),
      package_manager: pack.manager ?? '',
    }),
  stdin: bytes,
  timeoutMs: 10 * minute + lockWait * 1000,
  failure: 'INSTALL_FAILED',
  meaning: { [lackingStatus]: lacks(recipe), [straysStatus]: strayed(recipe), ...lockMeaning(lockWait) },
  what: `putting ${nameOf(recipe)} in place`,
});
