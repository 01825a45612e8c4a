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
  message: `The build of ${nameOf(recipe)} was not installed: it has a file outside the places given to ./configure, or a path that it needs on the host is not root's.`,
  hint: `The line above names the path. If the file is part of your build, give it a place below ${recipe.prefix} in ${recipe.software}.configure; if not, check the host that made the build before you go on.`,
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
