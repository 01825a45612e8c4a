/** `haup lab up` and `haup lab down`. */

import { randomBytes } from 'node:crypto';
import { access, chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import { powerOff } from './power.ts';
import type { Flavour } from './flavour.ts';
import { knownHostsText, overlayText, sshConfigText } from './host-files.ts';
import {
  isOn,
  makeHost,
  makeKeyPair,
  powerOn,
  publicHostKey,
  waitUntilRunning,
  writeHosts,
} from './lab-hosts.ts';
import type { Layer } from './lab-hosts.ts';
import type { Image } from './image.ts';
import { images } from './image.ts';
import type { Keeper } from './keeper.ts';
import { startKeeper } from './keeper.ts';
import { checkMachine } from './machine.ts';
import type { LabHost, LabPaths, LabSpec } from './names.ts';
import { checkSpec, hostPaths, labPaths } from './names.ts';
import { linkStates, makeSwitch, setLink } from './network.ts';
import { lock } from './process.ts';
import { labProcesses } from './process-table.ts';
import { hasTraces, removeLab } from './remove.ts';
import type { Saved } from './saved-lab.ts';
import { madeFrom, readSpec, writeSpec, writeWhole } from './lab-state.ts';
import type { LabStatus } from './lab-status.ts';
import { status } from './lab-status.ts';
import { tarballs } from './tarballs.ts';
import type { LabWorld } from './world.ts';
import { seconds } from './world.ts';

export interface UpOptions {
  /** Takes the lab down when a process ends, however it ends. */
  readonly keeper: Keeper | null;
  /** Hosts with these names start from the saved disks; null: all hosts start bare. */
  readonly from: Saved | null;
}

/**
 * Makes whatever a lab lacks, and boots every host that is off. Hosts that are up are left alone, unless the
 * inventory moved them. It can be interrupted anywhere and run again.
 */
export async function up(wanted: LabSpec, world: LabWorld, options: UpOptions): Promise<LabStatus> {
  const spec = checkSpec(wanted);
  const start = performance.now();
  const machine = await checkMachine(world.env['PATH'] ?? '', world.roots);
  const paths = labPaths(world.roots, spec.name);
  await chmod(world.roots.labs, 0o700);
  const held = await lockLab(spec.name, paths, world);
  try {
    await mkdir(paths.hosts, { recursive: true });
    await chmod(paths.dir, 0o700);
    // First, so that an owner that is killed leaves nothing behind.
    if (options.keeper !== null) await startKeeper(spec.name, paths, options.keeper);
    // Before the image, since this is quick and fails on a machine that cannot run a lab.
    await makeSwitch(spec, world.signal);
    const flavours = spec.hosts.map((host) => host.flavour);
    const [bases, sources] = await all([images(machine, flavours, world), tarballs(machine, world)]);
    await writeWhole(paths.overlay, overlayText(spec, sources), 0o644);
    await makeKeys(spec, paths);
    await forgetOthers(spec, paths, world);
    const booting = await makeHosts(spec, paths, bases, options.from, world.signal);
    const keys = new Map<string, string>();
    for (const host of spec.hosts) keys.set(host.name, await publicHostKey(hostPaths(paths, host.name)));
    await writeWhole(paths.knownHosts, knownHostsText(spec.hosts, keys), 0o600);
    await writeWhole(paths.sshConfig, sshConfigText(spec, paths), 0o644);
    await writeSpec(paths, spec);
    const boot = performance.now();
    await Promise.all(booting.map((host) => powerOn(hostPaths(paths, host.name))));
    await all(spec.hosts.map((host) => waitUntilRunning(spec, host, paths, world.signal)));
    const names = booting.map((host) => host.name).join(', ');
    if (names !== '') world.say(`hosts: ${names} booted in ${seconds(boot)}`);
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'ENOSPC'
      ? diskFull(paths.dir, error)
      : error;
  } finally {
    await held.release();
  }
  world.say(`lab ${spec.name}: up after ${seconds(start)}`);
  return status(spec.name, world.roots);
}

const lockLab = (name: string, paths: LabPaths, world: LabWorld): ReturnType<typeof lock> =>
  lock(paths.lock, world.signal, () => world.say(`lab ${name}: waiting for another haup lab command`));

const diskFull = (dir: string, cause: unknown): HaupError =>
  new HaupError('DISK_FULL', `No space left in ${dir}.`, {
    hint: 'Free some space and run the command again.',
    cause,
  });

/** Like Promise.all, but waits for all of them before it throws the first error. */
async function all<T extends readonly unknown[] | []>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

async function makeKeys(spec: LabSpec, paths: LabPaths): Promise<void> {
  if (!(await exists(paths.password))) {
    await writeWhole(paths.password, `${randomBytes(12).toString('base64url')}\n`, 0o600);
  }
  if (await exists(`${paths.key}.pub`)) return;
  const part = `${paths.key}.part`;
  await rm(part, { force: true });
  await rm(`${part}.pub`, { force: true });
  await makeKeyPair(part, `haup-lab-${spec.name}`);
  // The public key last: it marks the pair as complete.
  await rename(part, paths.key);
  await rename(`${part}.pub`, `${paths.key}.pub`);
}

/** Removes hosts that the inventory no longer has. */
async function forgetOthers(spec: LabSpec, paths: LabPaths, world: LabWorld): Promise<void> {
  const before = await readSpec(paths);
  for (const name of await readdir(paths.hosts)) {
    if (spec.hosts.some((host) => host.name === name)) continue;
    const old = before?.hosts.find((host) => host.name === name);
    if (old !== undefined) {
      await powerOff(spec.name, old, world.signal);
      world.say(`hosts: ${name} removed, since the inventory no longer has it`);
    }
    await rm(`${paths.hosts}/${name}`, { recursive: true, force: true });
  }
}

/** Makes the hosts that are missing or out of date; returns those to boot. */
async function makeHosts(
  spec: LabSpec,
  paths: LabPaths,
  bases: ReadonlyMap<Flavour, Image>,
  from: Saved | null,
  signal: AbortSignal,
): Promise<readonly LabHost[]> {
  const booting: LabHost[] = [];
  const [processes, links] = await Promise.all([labProcesses(spec.name), linkStates(spec)]);
  for (const host of spec.hosts) {
    const its = hostPaths(paths, host.name);
    const on = isOn(processes, host.name);
    const made = await madeFrom(its);
    const layer = layerOf(from, host, bases.get(host.flavour));
    const same =
      made?.address === host.address &&
      made.interface === host.interface &&
      made.flavour === host.flavour &&
      (layer === null || made.saved === layer.id);
    const link = links.get(host.name);
    if (same && on && link !== 'unplugged') {
      if (link === 'down') await setLink(spec.name, host.address, 'up', signal);
      continue;
    }
    if (on) await powerOff(spec.name, host, signal);
    // A host that is off keeps its disk, unless that was made from another image.
    const base = bases.get(host.flavour);
    if (base !== undefined && (!same || made.image !== base.hash))
      await makeHost(spec, host, paths, base, layer);
    else await writeHosts(spec, its);
    booting.push(host);
  }
  return booting;
}

/** The saved disk that a host starts from, or null; refused when it was made from another image. */
function layerOf(from: Saved | null, host: LabHost, base: Image | undefined): Layer | null {
  const its = from?.hosts[host.name];
  if (from === null || its === undefined) return null;
  if (its.image === base?.hash) return { ...its, id: from.id };
  throw new HaupError('LAB_FAILED', `The saved disk of ${host.name} was made from another image.`, {
    host: host.name,
    hint: 'An update of haup or --flavour has changed the image since. Save the lab again: haup lab save',
  });
}

/** Takes a lab down and removes every trace of it, whole or half made. */
export async function down(name: string, world: LabWorld): Promise<void> {
  if (!(await hasTraces(name, world.roots))) {
    world.say(`lab ${name}: nothing to remove`);
    return;
  }
  const start = performance.now();
  const paths = labPaths(world.roots, name);
  await mkdir(world.roots.labs, { recursive: true });
  const held = await lockLab(name, paths, world);
  try {
    await removeLab(name, world.roots);
    await rm(paths.lock, { force: true });
  } finally {
    await held.release();
  }
  world.say(`lab ${name}: down after ${seconds(start)}`);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
