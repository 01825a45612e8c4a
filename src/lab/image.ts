/** The image of the hosts and the pool of packages that they install from: built once, kept under a hash. */

import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import type { Machine } from './machine.ts';
import { acquireOptions, writeSources } from './machine.ts';
import type { LabRoots } from './names.ts';
import { hostPaths, labPaths } from './names.ts';
import { lastLines, lock, run } from './process.ts';
import type { Recipe } from './recipe.ts';
import { poolMount, recipeFor, recipeHash } from './recipe.ts';
import { madeFrom } from './state.ts';
import type { LabWorld } from './world.ts';
import { seconds } from './world.ts';

export interface Image {
  readonly hash: string;
  /** The root file system of a host: read only from here on. */
  readonly root: string;
  /** A directory of packages with their index. */
  readonly pool: string;
}

/** Gives the image, building it when its recipe has changed or it was never built. */
export async function image(machine: Machine, world: LabWorld): Promise<Image> {
  const recipe = recipeFor(machine.os, machine.codename, machine.arch);
  const hash = recipeHash(recipe);
  const { cache } = world.roots;
  const dir = `${cache}/images/${hash}`;
  const made: Image = { hash, root: `${dir}/root`, pool: `${dir}/pool` };
  if (await isThere(dir)) return made;
  await mkdir(`${cache}/images`, { recursive: true });
  const held = await lock(`${dir}.lock`, world.signal, () =>
    world.say('image: another lab is building it, waiting'),
  );
  try {
    if (await isThere(dir)) return made;
    await build(recipe, machine, dir, world);
    return made;
  } finally {
    await held.release();
  }
}

const isThere = (dir: string): Promise<boolean> =>
  readFile(`${dir}/recipe.json`).then(
    () => true,
    () => false,
  );

async function build(recipe: Recipe, machine: Machine, dir: string, world: LabWorld): Promise<void> {
  const { say, signal } = world;
  const { cache } = world.roots;
  const start = performance.now();
  const packages = recipe.include.length + recipe.pool.flat().length;
  say(
    `image: building ${machine.os} ${machine.codename} and a pool for ${packages} packages (once, about half a minute)`,
  );
  const part = `${dir}.part`;
  const log = `${cache}/image.log`;
  // Left over by a build that was killed; its processes died with it.
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  await writeFile(log, '');
  const sources = await writeSources(machine, 'deb', `${cache}/apt`);
  await writeFile(`${part}/customize.sh`, recipe.customize);
  await writeFile(`${part}/dpkg.cfg`, `${recipe.dpkg.join('\n')}\n`);
  for (const name of ['root', 'work', 'empty', 'build']) await mkdir(`${part}/${name}`);
  const aptOptions = [...(await acquireOptions()), 'Acquire::Languages "none";', 'Acquire::Retries "3";'];
  // Everything that the build starts ends with it, and it ends with us, however that ends.
  const contained = '--pdeathsig KILL unshare --fork --pid --mount --mount-proc --kill-child sh -ec';
  const args = [
    ...contained.split(' '),
    ontoOverlay,
    part,
    '--mode=root',
    '--variant=apt',
    // The hook leaves the pool's lists in place of the mirror's.
    '--skip=cleanup/apt',
    `--include=${recipe.include.join(',')}`,
    ...aptOptions.map((option) => `--aptopt=${option}`),
    // Not as --dpkgopt: mmdebstrap would then filter each package through a program of its own.
    `--setup-hook=mkdir -p "$1/etc/dpkg/dpkg.cfg.d" && cp '${part}/dpkg.cfg' "$1/etc/dpkg/dpkg.cfg.d/90lab"`,
    `--customize-hook=sh '${part}/customize.sh' "$1"`,
    machine.codename,
    `${part}/build`,
    sources,
  ];
  try {
    const ran = await run('setpriv', args, { signal, log, limitMs: 900_000 });
    if (/No space left on device/.test(ran.stderr)) {
      throw new HaupError('DISK_FULL', `The disk is full: the image of the hosts needs 1 GB in ${cache}.`, {
        hint: 'Make room and run the same command again.',
      });
    }
    if (ran.code !== 0) {
      throw new HaupError(
        'LAB_FAILED',
        `Building the image of the hosts failed: mmdebstrap ended with status ${ran.code}.`,
        {
          hint: `Check that apt-get update works on this machine, then try again. The whole log: ${log}`,
          detail: lastLines(ran.stderr + ran.stdout),
        },
      );
    }
    for (const name of ['work', 'empty', 'build', 'customize.sh', 'dpkg.cfg']) {
      await rm(`${part}/${name}`, { recursive: true });
    }
    await rename(`${part}/root${poolMount}`, `${part}/pool`);
    await mkdir(`${part}/root${poolMount}`);
    await writeFile(`${part}/recipe.json`, `${JSON.stringify(recipe, null, 2)}\n`);
    await rename(part, dir);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
  say(`image: built in ${seconds(start)}`);
  await forgetOldImages(world.roots);
}

/** Removes images of earlier recipes on which no host of any lab stands, and that nobody has just built. */
async function forgetOldImages(roots: LabRoots): Promise<void> {
  const inUse = new Set<string>();
  for (const lab of await readdir(roots.labs).catch(() => [])) {
    for (const host of await readdir(`${roots.labs}/${lab}/hosts`).catch(() => [])) {
      const made = await madeFrom(hostPaths(labPaths(roots, lab), host));
      if (made !== null) inUse.add(made.image);
    }
  }
  for (const hash of await readdir(`${roots.cache}/images`)) {
    const built = await stat(`${roots.cache}/images/${hash}/recipe.json`).catch(() => null);
    if (built === null || inUse.has(hash) || Date.now() - built.mtimeMs < anHourMs) continue;
    await rm(`${roots.cache}/images/${hash}`, { recursive: true, force: true });
    await rm(`${roots.cache}/images/${hash}.lock`, { force: true });
  }
}

const anHourMs = 3_600_000;

/**
 * Runs mmdebstrap on an overlay over nothing, whose upper directory becomes the image. With `volatile` the
 * thousands of fsyncs of dpkg cost nothing: what is lost with the machine is built again.
 */
const ontoOverlay = `
  cd "$0"
  mount -t overlay overlay -o volatile,lowerdir=empty,upperdir=root,workdir=work build ||
    mount --bind root build
  exec mmdebstrap "$@"`;
