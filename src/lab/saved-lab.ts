/** Saved disks of lab hosts: a layer between the image and the disk of each host made from them. */

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import { powerOff } from './power.ts';
import type { SavedHost } from './saved-host.ts';
import { isOn, powerOn, waitUntilRunning } from './lab-hosts.ts';
import type { LabRoots } from './names.ts';
import { checkLabName, hostPaths, labPaths, savedDirectory } from './names.ts';
import { lock, must } from './process.ts';
import { labProcesses } from './process-table.ts';
import { madeFrom, specOf } from './lab-state.ts';
import type { LabWorld } from './world.ts';
import { seconds } from './world.ts';

export interface Saved {
  /** New with every save: it tells a host which disk it was made from. */
  readonly id: string;
  readonly hosts: Readonly<Record<string, SavedHost>>;
}

const savedPath = (roots: LabRoots, name: string): string => `${savedDirectory(roots)}/${name}`;

/** Rejects with USAGE when no lab is saved under that name. */
export async function readSaved(name: string, roots: LabRoots): Promise<Saved> {
  const path = `${savedPath(roots, checkLabName(name))}/saved.json`;
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) {
    const names = (await readdir(savedDirectory(roots)).catch(() => [])).filter((one) => !one.includes('.'));
    throw new HaupError('USAGE', `No lab is saved as ${name}.`, {
      hint:
        names.length === 0
          ? `Save one that is up: haup lab save ${name}`
          : `Saved labs: ${names.toSorted().join(', ')}.`,
    });
  }
  const saved: Saved = JSON.parse(text);
  return saved;
}

/**
 * Saves the disks of all hosts of a lab under a name. Hosts that are on are powered off, since a disk in use
 * cannot be copied, and are on again when this returns.
 */
export async function save(lab: string, name: string, world: LabWorld): Promise<Saved> {
  const { roots, signal } = world;
  checkLabName(name);
  const start = performance.now();
  const spec = await specOf(lab, roots);
  const paths = labPaths(roots, lab);
  const held = await lock(paths.lock, signal, () =>
    world.say(`lab ${lab}: waiting for another haup lab command`),
  );
  try {
    await refuseInUse(name, roots);
    const dir = savedPath(roots, name);
    const part = `${savedDirectory(roots)}/.${name}.part`;
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
    const hosts: Record<string, SavedHost> = {};
    const processes = await labProcesses(lab);
    await Promise.all(
      spec.hosts.map(async (host) => {
        const its = hostPaths(paths, host.name);
        const made = await madeFrom(its);
        if (made === null) return;
        if (made.saved != null) throw onSaved(lab);
        const on = isOn(processes, host.name);
        if (on) await powerOff(lab, host, signal);
        // With attributes and device nodes: overlayfs records deletions in these.
        await must(`Keeping the disk of ${host.name}`, 'cp', ['-a', its.upper, `${part}/${host.name}`], {
          signal,
          limitMs: copyLimitMs,
        });
        hosts[host.name] = { flavour: made.flavour, image: made.image, disk: `${dir}/${host.name}` };
        if (!on) return;
        await powerOn(its);
        await waitUntilRunning(spec, host, paths, signal);
      }),
    );
    const saved: Saved = { id: randomUUID(), hosts };
    await writeFile(`${part}/saved.json`, `${JSON.stringify(saved, null, 2)}\n`);
    await rm(dir, { recursive: true, force: true });
    await rename(part, dir);
    world.say(`lab ${lab}: saved as ${name} after ${seconds(start)}`);
    return saved;
  } finally {
    await held.release();
  }
}

const copyLimitMs = 900_000;

const onSaved = (lab: string): HaupError =>
  new HaupError('LAB_FAILED', `Lab ${lab} was itself made from a saved lab and cannot be saved.`, {
    hint: 'Make a lab without --from and save that.',
  });

/** The disks of a saved lab are part of every host that was made from it. */
async function refuseInUse(name: string, roots: LabRoots): Promise<void> {
  const saved = await readSaved(name, roots).catch(() => null);
  if (saved === null) return;
  const users = await labsFrom(saved, roots);
  if (users.length === 0) return;
  throw new HaupError(
    'LAB_FAILED',
    `${name} cannot be saved again: lab ${users.join(', ')} was made from it.`,
    {
      hint: 'Take that lab down first, or save under another name.',
    },
  );
}

/** The labs that were made from these disks. */
export async function labsFrom(saved: Saved, roots: LabRoots): Promise<readonly string[]> {
  const found: string[] = [];
  for (const lab of await readdir(roots.labs).catch(() => [])) {
    for (const host of await readdir(`${roots.labs}/${lab}/hosts`).catch(() => [])) {
      const made = await madeFrom(hostPaths(labPaths(roots, lab), host));
      if (made?.saved === saved.id) found.push(lab);
    }
  }
  return [...new Set(found)];
}
