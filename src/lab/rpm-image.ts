/** Turns an image of Debian packages into one of RPM packages. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deb822 } from './deb822.ts';
import { poolMount } from './pool.ts';
import type { Ran } from './process.ts';
import type { RpmRecipe } from './recipe.ts';
import type { RpmPackage } from './rpm-spec.ts';
import { leftOut, rpmPackages, specText, workshop } from './rpm-spec.ts';

/**
 * @param root the image's root, with Debian's packages and their pool in place
 * @param inside runs a command in the image
 */
export async function toRpm(
  root: string,
  recipe: RpmRecipe,
  inside: (command: readonly string[]) => Promise<Ran>,
): Promise<Ran> {
  const installed = deb822(await readFile(`${root}/var/lib/dpkg/status`, 'utf8'));
  const pool = deb822(await readFile(`${root}${poolMount}/Packages`, 'utf8'));
  const packages = rpmPackages(installed, pool, recipe);
  const dir = `${root}${workshop}`;
  await mkdir(`${dir}/amend`, { recursive: true });
  for (const kind of ['installed', 'pool'] as const) {
    const its = packages.filter((one) => one.installed === (kind === 'installed'));
    await writeFile(`${dir}/${kind}`, memberLines(its));
    await writeFile(`${dir}/${kind}.spec`, specText(its, recipe, `${workshop}/lists`));
  }
  await writeFile(
    `${dir}/without`,
    leftOut(installed, recipe)
      .map((name) => `${name}\n`)
      .join(''),
  );
  for (const [name, { tree }] of Object.entries(recipe.amendments)) {
    if (tree !== undefined) await writeFile(`${dir}/amend/${name}`, `${tree}\n`);
  }
  for (const [name, { files }] of Object.entries(recipe.own)) {
    for (const [path, { text, mode }] of Object.entries(files)) {
      const file = `${dir}/trees/${name}/${path}`;
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { mode });
    }
  }
  await writeFile(`${dir}/convert.sh`, recipe.convert);
  return inside(['sh', `${workshop}/convert.sh`]);
}

const memberLines = (packages: readonly RpmPackage[]): string =>
  packages.flatMap(({ name, members }) => members.map((member) => `${name} ${member}\n`)).join('');
