/** Hosts with the example applied, saved once: every lab that begins with it is up in seconds. */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { defaultRoots, savedDirectory } from '../../src/lab/names.ts';
import { lock } from '../../src/lab/process.ts';
import { labsFrom, readSaved } from '../../src/lab/saved-lab.ts';
import { hangMs } from '../limits.ts';
import { eventually, figure, haup, inLab, loginsLast, root, testLab } from './haup.ts';
import { vipsHome } from './vips-home.ts';

const example = 'inventory.example.yaml';
const prefix = 'test-';

/** Named by all that went into it, so that it is never older than the haup that is tested. */
function nameOfInstalled(): string {
  const hash = createHash('sha256');
  for (const top of ['dist', 'templates'])
    for (const path of readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).toSorted())
      if (/\.(js|json|hbs)$/.test(path)) hash.update(path).update(readFileSync(join(root, top, path)));
  for (const path of [join(root, example), '/etc/os-release']) hash.update(readFileSync(path));
  return `${prefix}${hash.digest('hex').slice(0, 16)}`;
}

/** Name of the saved lab with the example applied; makes it when nobody has. */
export async function installed(): Promise<string> {
  const name = nameOfInstalled();
  if (await isSaved(name)) return name;
  const directory = savedDirectory(defaultRoots);
  mkdirSync(directory, { recursive: true });
  const held = await lock(join(directory, '.test.lock'), new AbortController().signal, () => undefined);
  try {
    if (!(await isSaved(name))) await applyTo(example, name);
    await forgetOthers(name);
  } finally {
    await held.release();
  }
  return name;
}

const isSaved = (name: string): Promise<boolean> =>
  readSaved(name, defaultRoots).then(
    () => true,
    () => false,
  );

/** Applies an inventory of the example's hosts to bare ones: its builds are kept. Saves the lab, if it gets a name for it. */
export async function applyTo(inventory: string, name: string | null): Promise<void> {
  const lab = testLab('base');
  const limits = { limitMs: hangMs(300_000) };
  const started = performance.now();
  const up = ['lab', 'up', inventory, '--name', lab, '--yes', '--for-pid', String(process.pid)];
  try {
    for (const does of [
      () => haup(up, limits),
      () => inLab(lab, ['apply', inventory, '--yes'], limits),
      ...(name === null ? [] : [() => haup(['lab', 'save', '--name', lab, name], limits)]),
    ]) {
      const ran = await does();
      if (ran.code !== 0) throw new Error(`The lab for all tests is not made.\n${ran.stdout}${ran.stderr}`);
    }
  } finally {
    await haup(['lab', 'down', '--name', lab]);
  }
  figure(
    `${inventory} applied${name === null ? '' : ` and saved as ${name}`}: ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}

/** Of other states of haup, the last few are kept: whoever goes back and forth finds them. */
async function forgetOthers(name: string): Promise<void> {
  const directory = savedDirectory(defaultRoots);
  const others = readdirSync(directory)
    .filter((one) => one.startsWith(prefix) && one !== name)
    .toSorted((a, b) => statSync(join(directory, b)).mtimeMs - statSync(join(directory, a)).mtimeMs);
  for (const one of others.slice(12)) {
    const users = await readSaved(one, defaultRoots).then(
      (saved) => labsFrom(saved, defaultRoots),
      () => [],
    );
    if (users.length === 0) rmSync(join(directory, one), { recursive: true });
  }
}

/** Brings up a lab with the example applied, and waits until every VIP is home. */
export async function upInstalled(
  lab: string,
  more: readonly string[] = [],
  inventory = example,
): Promise<void> {
  const from = ['--from', await installed()];
  const up = await haup(['lab', 'up', inventory, '--name', lab, '--yes', ...from, ...more], {
    limitMs: hangMs(100_000),
  });
  if (up.code !== 0) throw new Error(`The lab does not start.\n${up.stdout}${up.stderr}`);
  figure(`lab up, example applied: ${(up.ms / 1000).toFixed(1)} s`);
  const { hosts } = parse(readFileSync(resolve(root, inventory), 'utf8')) as { readonly hosts: object };
  await loginsLast(lab, Object.keys(hosts));
  await vipsHome(lab, inventory);
  await eventually('every VIP is home', async () => (await inLab(lab, ['status', example])).code === 0);
}
