/** The image of the hosts and the pool of packages that they install from: built once, kept under a hash. */

import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import type { Machine } from './machine.ts';
import { acquireOptions, writeSources } from './machine.ts';
import type { LabRoots } from './names.ts';
import { hostPaths, labPaths } from './names.ts';
import type { Ran } from './process.ts';
import { lastLines, lock, run } from './process.ts';
import type { Flavour } from './flavour.ts';
import { flavours } from './flavour.ts';
import { poolMount } from './pool.ts';
import type { Recipe } from './recipe.ts';
import { recipeFor, recipeHash } from './recipe.ts';
import { toRpm } from './rpm-image.ts';
import { madeFrom } from './lab-state.ts';
import type { LabWorld } from './world.ts';
import { seconds } from './world.ts';

export interface Image {
  readonly hash: string;
  /** The root file system of a host: read only from here on. */
  readonly root: string;
  /** A directory of packages with their index. */
  readonly pool: string;
}

/** The image of each flavour. One after the other: a build uses the whole machine. */
export async function images(
  machine: Machine,
  wanted: readonly Flavour[],
  world: LabWorld,
): Promise<ReadonlyMap<Flavour, Image>> {
  const made = new Map<Flavour, Image>();
  for (const flavour of flavours) {
    if (wanted.includes(flavour)) made.set(flavour, await image(machine, flavour, world));
  }
  return made;
}

const recipeOf = ({ os, codename, arch }: Machine, flavour: Flavour): Recipe =>
  recipeFor(os, codename, arch, flavour);

/** The image, built first if its recipe has changed or it was never built. */
async function image(machine: Machine, flavour: Flavour, world: LabWorld): Promise<Image> {
  const recipe = recipeOf(machine, flavour);
  const hash = recipeHash(recipe);
  const { cache } = world.roots;
  const dir = `${cache}/images/${hash}`;
  const made: Image = { hash, root: `${dir}/root`, pool: `${dir}/pool` };
  if (await isThere(dir)) return made;
  await mkdir(`${cache}/images`, { recursive: true });
  const held = await lock(`${dir}.lock`, world.signal, () =>
    world.say('image: waiting for another lab to build it'),
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
  const check = (ran: Ran, what: string, hint: string): void => {
    if (/No space left on device/.test(ran.stderr)) {
      throw new HaupError('DISK_FULL', `No space left: the host image needs 1 GB in ${cache}.`, {
        hint: 'Free some space and run the command again.',
      });
    }
    if (ran.code === 0) return;
    throw new HaupError(
      'LAB_FAILED',
      `Building the host image failed: ${what} exited with status ${ran.code}.`,
      {
        hint: `${hint} Full log: ${log}`,
        detail: lastLines(ran.stderr + ran.stdout),
      },
    );
  };
  const start = performance.now();
  const packages = recipe.include.length + recipe.pool.flat().length;
  say(
    `image: building ${machine.os} ${machine.codename}, flavour ${recipe.flavour}, and a pool for ${packages} packages (once, about ${recipe.rpm === null ? 'half a minute' : 'a minute'})`,
  );
  const part = `${dir}.part`;
  const log = `${cache}/image-${recipe.flavour}.log`;
  // Left by a build that was killed; its processes died with it.
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  await writeFile(log, '');
  const sources = await writeSources(machine, 'deb', `${cache}/apt`);
  await writeFile(`${part}/customize.sh`, recipe.customize);
  await writeFile(`${part}/dpkg.cfg`, `${recipe.dpkg.join('\n')}\n`);
  for (const name of ['root', 'empty', 'build']) await mkdir(`${part}/${name}`);
  const aptOptions = [...(await acquireOptions()), 'Acquire::Languages "none";', 'Acquire::Retries "3";'];
  // Everything the build starts dies with it, and it dies with us, however we end.
  const contained = '--pdeathsig KILL unshare --fork --pid --mount --mount-proc --kill-child sh -ec';
  const onto = (command: readonly string[]): Promise<Ran> =>
    run('setpriv', [...contained.split(' '), ontoOverlay, part, ...command], {
      signal,
      log,
      limitMs: 900_000,
    });
  const bootstrap = [
    'mmdebstrap',
    '--mode=root',
    '--variant=apt',
    // The hook replaces the mirror's lists with the pool's.
    '--skip=cleanup/apt',
    `--include=${recipe.include.join(',')}`,
    ...aptOptions.map((option) => `--aptopt=${option}`),
    // Not as --dpkgopt: mmdebstrap would then filter each package through its own program.
    `--setup-hook=mkdir -p "$1/etc/dpkg/dpkg.cfg.d" && cp '${part}/dpkg.cfg' "$1/etc/dpkg/dpkg.cfg.d/90lab"`,
    `--customize-hook=sh '${part}/customize.sh' "$1"`,
    machine.codename,
    `${part}/build`,
    sources,
  ];
  try {
    check(
      await onto(bootstrap),
      'mmdebstrap',
      'Check that apt-get update works on this machine, then try again.',
    );
    if (recipe.rpm !== null) {
      const inside = (command: readonly string[]): Promise<Ran> =>
        onto(['sh', '-ec', insideImage, 'sh', ...command]);
      const ran = await toRpm(`${part}/root`, recipe.rpm, inside);
      check(ran, 'the conversion to RPM packages', 'Try again.');
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
  await forgetOldImages(machine, world.roots);
}

/** Removes images of earlier recipes that no host of any lab uses and that were not built just now. */
async function forgetOldImages(machine: Machine, roots: LabRoots): Promise<void> {
  const inUse = new Set(flavours.map((flavour) => recipeHash(recipeOf(machine, flavour))));
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
 * Runs a command beside an empty overlay, whose upper directory becomes the image. `volatile` makes the
 * thousands of fsyncs of package managers free: if the machine crashes, the image is built again.
 */
const ontoOverlay = `
  cd "$0"
  rm -rf work && mkdir work
  mount -t overlay overlay -o volatile,lowerdir=empty,upperdir=root,workdir=work build ||
    mount --bind root build
  exec "$@"`;

/** Runs a command in the image. */
const insideImage = `
  mount --rbind /dev build/dev
  mount -t proc proc build/proc
  exec chroot build "$@"`;
