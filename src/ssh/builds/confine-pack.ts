/** Whether a pack keeps to where its build may put files, as the host that receives it asks. */

import type { BuildRecipe } from '../../model/desired.ts';
import { packageName, packNotes, packPlaces } from '../../base/pack-places.ts';
import type { Meaning } from '../remote-job.ts';
import { nameOf } from './build-steps.ts';
import { quote } from '../../base/quote.ts';

/** Exit status of a script that was given a pack with something in it that the build has not. */
export const straysStatus = 68;

export const strayed = (recipe: BuildRecipe): Meaning => ({
  code: 'INSTALL_FAILED',
  message: `The build of ${nameOf(recipe)} is not used: it has what its ./configure puts nowhere, or what is in its way on the host is not root's.`,
  hint: `Nothing of it was installed. The line above names the path. Give what belongs elsewhere a place below ${recipe.prefix} in ${recipe.software}.configure; if it is not of your build, look at the host that made it before you go on.`,
});

/**
 * The function `is_in_place PATH`. Made here, as each literal part of a place is quoted in its pattern; `*` stands for
 * slashes too.
 */
export const placesFunction = (recipe: BuildRecipe): string => {
  const patterns = packPlaces(recipe).map((parts) =>
    parts.map((part) => (part === '' ? '' : quote(part))).join('*'),
  );
  return `is_in_place() { case $1 in ${patterns.join('|')}) ;; *) return 1 ;; esac; }\n`;
};

/** What confine-pack.sh takes. */
export const confining = (recipe: BuildRecipe) => ({
  prefix: recipe.prefix,
  notes: [packNotes.directory, ...packNotes.names.map((name) => `${packNotes.directory}/${name}`)],
  package_name: packageName,
  strays_status: straysStatus,
});
