/** What a lab records about itself on disk. */

import { readFile, rename, writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import type { Flavour } from './flavour.ts';
import type { HostPaths, LabPaths, LabRoots, LabSpec } from './names.ts';
import { labPaths, switchNamespace } from './names.ts';
import { namespaces } from './network.ts';

/** The version of the directory layout: a lab with another one is made again. */
const format = 2;

export async function writeSpec(paths: LabPaths, spec: LabSpec): Promise<void> {
  await writeWhole(paths.spec, `${JSON.stringify({ format, ...spec }, null, 2)}\n`, 0o644);
}

/** Null when there is none that this haup can read. */
export async function readSpec(paths: LabPaths): Promise<LabSpec | null> {
  const found = await readJson<LabSpec & { readonly format: number }>(paths.spec);
  return found?.format === format ? found : null;
}

/** The spec of a lab that has its switch; rejects with LAB_DOWN otherwise. */
export async function specOf(name: string, roots: LabRoots): Promise<LabSpec> {
  const spec = await readSpec(labPaths(roots, name));
  if (spec !== null && (await namespaces()).includes(switchNamespace(name))) return spec;
  throw new HaupError('LAB_DOWN', `Lab ${name} is not up.`, {
    hint: `Start it: haup lab up${name === 'haup' ? '' : ` --name ${name}`}`,
  });
}

/** What a host was made from; if any of these changes, the host is made again. */
export interface HostMade {
  readonly address: string;
  readonly interface: string;
  readonly flavour: Flavour;
  readonly image: string;
  /** The id of the saved lab it was made from; absent or null for a bare host. */
  readonly saved?: string | null;
}

export const madeFrom = (paths: HostPaths): Promise<HostMade | null> => readJson<HostMade>(paths.made);

/** Null when the file is absent or not JSON. */
async function readJson<T>(path: string): Promise<T | null> {
  try {
    const found: T = JSON.parse(await readFile(path, 'utf8'));
    return found;
  } catch {
    return null;
  }
}

/** Readers see the old text or the new one, even if we are killed. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.part`, text, { mode });
  await rename(`${path}.part`, path);
}
