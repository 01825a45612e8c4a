/** Finds and removes every trace of a lab, whatever state it was left in. */

import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { kill, pid as ownPid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { HaupError } from '../model/errors.ts';
import { labScript } from './lab-script.ts';
import type { LabRoots } from './names.ts';
import { labGroup, labOf, labPaths, savedDirectory, switchNamespace } from './names.ts';
import { deleteNamespace, namespaces } from './network.ts';
import { run } from './process.ts';
import { allGroups, labProcesses, lineage, processesIn } from './process-table.ts';
import type { LabWorld } from './world.ts';

/** Names of all labs that have left anything: a directory, a namespace or a process. */
export async function labsWithTraces(roots: LabRoots): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const entry of await readdir(roots.labs, { withFileTypes: true }).catch(() => [])) {
    const name = entry.name.replace(/^\.(.*)\.gone$/, '$1').replace(/\.lock$/, '');
    if (labOf(`haup.${name}`) === name && !name.includes('.')) found.add(name);
  }
  for (const name of await namespaces()) {
    const lab = labOf(name);
    if (lab !== null) found.add(lab);
  }
  for (const group of await allGroups()) {
    const lab = labOf(group.split('/')[1] ?? '');
    if (lab !== null) found.add(lab);
  }
  return [...found].toSorted();
}

export async function hasTraces(name: string, roots: LabRoots): Promise<boolean> {
  return (await labsWithTraces(roots)).includes(name);
}

/** The caller holds the lab's lock. */
export async function removeLab(name: string, roots: LabRoots): Promise<void> {
  const paths = labPaths(roots, name);
  const gone = `${roots.labs}/.${name}.gone`;
  await rm(gone, { recursive: true, force: true });
  // First, so that a boot script or a keeper that is just starting finds nothing and exits.
  await rename(paths.dir, gone).catch(() => {});
  await killAll(name);
  for (const namespace of await namespaces()) {
    if (labOf(namespace) === name) await deleteNamespace(namespace);
  }
  await removeGroup(name);
  await rm(gone, { recursive: true, force: true });
}

async function killAll(name: string): Promise<void> {
  // `lab exec -- haup lab down` and the keeper take the lab down from within.
  const own = await lineage(ownPid);
  for (let round = 0; round < 50; round++) {
    const inGroup = (await labProcesses(name)).map((process) => process.pid);
    const inNetwork = await processesIn(`/run/netns/${switchNamespace(name)}`);
    const pids = [...new Set([...inGroup, ...inNetwork])].filter((pid) => !own.has(pid));
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        kill(pid, 'SIGKILL');
      } catch {
        // It ended just before the signal.
      }
    }
    await sleep(Math.min(20 * (round + 1), 200));
  }
  throw new HaupError('LAB_FAILED', `Some processes of lab ${name} do not end.`, {
    detail: (await labProcesses(name)).map(({ pid, group }) => `process ${pid} in ${group}`),
  });
}

async function removeGroup(name: string): Promise<void> {
  const script = labScript('remove-group', { group: labGroup(name) });
  await run('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', script]);
}

/** Removes what labs share; refused while a lab uses it. */
export async function removeCache(world: LabWorld): Promise<void> {
  const left = await labsWithTraces(world.roots);
  if (left.length > 0) {
    throw new HaupError('LAB_FAILED', `The image is in use by lab ${left.join(', ')}.`, {
      hint: 'Run haup lab down --all --purge, which takes every lab down first.',
    });
  }
  await rm(world.roots.cache, { recursive: true, force: true });
  await rm(savedDirectory(world.roots), { recursive: true, force: true });
  for (const dir of [world.roots.labs, dirname(world.roots.labs)]) await rmdir(dir).catch(() => {});
  world.say(`cache: ${world.roots.cache} removed`);
}
