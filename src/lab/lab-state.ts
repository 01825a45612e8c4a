/** What a lab keeps about itself on disk. */

import { readFile, rename, writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import type { Flavour } from './flavour.ts';
import type { HostPaths, LabPaths, LabRoots, LabSpec } from './names.ts';
import { labPaths, switchNamespace } from './names.ts';
import { namespaces } from './network.ts';

/** Counts the layouts of a lab's directory: a lab of another haup is made anew. */
const format = 2;

export async function writeSpec(paths: LabPaths, spec: LabSpec): Promise<void> {
  await writeWhole(paths.spec, `${JSON.stringify({ format, ...spec }, null, 2)}\n`, 0o644);
}

/** Null when there is none, or none that this haup can read. */
export async function readSpec(paths: LabPaths): Promise<LabSpec | null> {
  const found = await readJson<LabSpec & { readonly format: number }>(paths.spec);
  return found?.format === format ? found : null;
}

/** The spec of a lab that was made and has its switch; rejects with LAB_DOWN otherwise. */
export async function specOf(name: string, roots: LabRoots): Promise<LabSpec> {
  const spec = await readSpec(labPaths(roots, name));
  if (spec !== null && (await namespaces()).includes(switchNamespace(name))) return spec;
  throw new HaupError('LAB_DOWN', `Lab ${name} is not up.`, {
    hint: `Make it: haup lab up${name === 'haup' ? '' : ` --name ${name}`}`,
  });
}

/** What a host was made from: another of these, and it has to be made anew. */
export interface HostMade {
  readonly address: string;
  readonly interface: string;
  readonly flavour: Flavour;
  readonly image: string;
  /** Of the saved lab that it was made from; absent or null: it began bare. */
  readonly saved?: string | null;
}

export const madeFrom = (paths: HostPaths): Promise<HostMade | null> => readJson<HostMade>(paths.made);

/** Null when the file is absent or no JSON. */
async function readJson<T>(path: string): Promise<T | null> {
  try {
    const found: T = JSON.parse(await readFile(path, 'utf8'));
    return found;
  } catch {
    return null;
  }
}

/** Readers see the old text or the new one, also when we are killed. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.part`, text, { mode });
  await rename(`${path}.part`, path);
}
