/** The image of the hosts and the pool of packages that they install from: built once, kept under a hash. */

import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import { labScript } from './lab-script.ts';
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
  const start = performance.now();
  const packages = recipe.include.length + recipe.pool.flat().length;
  world.say(
    `image: building ${machine.os} ${machine.codename}, flavour ${recipe.flavour}, and a pool for ${packages} packages (once, about ${recipe.rpm === null ? 'half a minute' : 'a minute'})`,
  );
  const part = `${dir}.part`;
  const log = `${world.roots.cache}/image-${recipe.flavour}.log`;
  await prepare(recipe, part, log);
  try {
    const onto = (command: readonly string[]): Promise<Ran> => contained(part, command, log, world.signal);
    const sources = await writeSources(machine, 'deb', `${world.roots.cache}/apt`);
    const installed = await onto(await bootstrap(recipe, machine, part, sources));
    const hint = 'Check that apt-get update works on this machine, then try again.';
    check(installed, 'mmdebstrap', hint, log, world);
    if (recipe.rpm !== null) {
      const inside = (command: readonly string[]): Promise<Ran> =>
        onto(['sh', '-c', labScript('in-image', {}, command)]);
      const converted = await toRpm(`${part}/root`, recipe.rpm, inside);
      check(converted, 'the conversion to RPM packages', 'Try again.', log, world);
    }
    await keep(recipe, part, dir);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
  world.say(`image: built in ${seconds(start)}`);
  await forgetOldImages(machine, world.roots);
}

const scratch = ['work', 'empty', 'build', 'finish.sh', 'dpkg.cfg'];

async function prepare(recipe: Recipe, part: string, log: string): Promise<void> {
  // Left by a build that was killed; its processes died with it.
  await rm(part, { recursive: true, force: true });
  for (const name of ['root', 'empty', 'build']) await mkdir(`${part}/${name}`, { recursive: true });
  await writeFile(`${part}/finish.sh`, recipe.finish);
  await writeFile(`${part}/dpkg.cfg`, `${recipe.dpkg.join('\n')}\n`);
  await writeFile(log, '');
}

/** Everything that it starts dies with it, and it dies with us, however we end. */
function contained(part: string, command: readonly string[], log: string, signal: AbortSignal): Promise<Ran> {
  const alone = '--pdeathsig KILL unshare --fork --pid --mount --mount-proc --kill-child sh -c';
  const script = labScript('onto-overlay', { directory: part }, command);
  return run('setpriv', [...alone.split(' '), script], { signal, log, limitMs: 900_000 });
}

/** The command that unpacks the packages, and finishes the image. */
async function bootstrap(
  recipe: Recipe,
  machine: Machine,
  part: string,
  sources: string,
): Promise<readonly string[]> {
  const aptOptions = [...(await acquireOptions()), 'Acquire::Languages "none";', 'Acquire::Retries "3";'];
  return [
    'mmdebstrap',
    '--mode=root',
    '--variant=apt',
    // The hook replaces the mirror's lists with the pool's.
    '--skip=cleanup/apt',
    `--include=${recipe.include.join(',')}`,
    ...aptOptions.map((option) => `--aptopt=${option}`),
    // Not as --dpkgopt: mmdebstrap would then filter each package through its own program.
    `--setup-hook=mkdir -p "$1/etc/dpkg/dpkg.cfg.d" && cp '${part}/dpkg.cfg' "$1/etc/dpkg/dpkg.cfg.d/90lab"`,
    `--customize-hook=sh '${part}/finish.sh' "$1"`,
    machine.codename,
    `${part}/build`,
    sources,
  ];
}

function check(ran: Ran, what: string, hint: string, log: string, { roots }: LabWorld): void {
  if (/No space left on device/.test(ran.stderr)) {
    throw new HaupError('DISK_FULL', `No space left: the host image needs 1 GB in ${roots.cache}.`, {
      hint: 'Free some space and run the command again.',
    });
  }
  if (ran.code === 0) return;
  throw new HaupError(
    'LAB_FAILED',
    `Building the host image failed: ${what} exited with status ${ran.code}.`,
    { hint: `${hint} Full log: ${log}`, detail: lastLines(ran.stderr + ran.stdout) },
  );
}

async function keep(recipe: Recipe, part: string, dir: string): Promise<void> {
  for (const name of scratch) await rm(`${part}/${name}`, { recursive: true });
  await rename(`${part}/root${poolMount}`, `${part}/pool`);
  await mkdir(`${part}/root${poolMount}`);
  await writeFile(`${part}/recipe.json`, `${JSON.stringify(recipe, null, 2)}\n`);
  await rename(part, dir);
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
