/** A lab as a whole: up, down, and how it is. */

import { randomBytes } from 'node:crypto';
import { access, chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import { knownHostsText, overlayText, sshConfigText } from './files.ts';
import { isOn, madeFrom, makeHost, powerOn, publicHostKey, waitUntilRunning } from './hosts.ts';
import { image } from './image.ts';
import { checkMachine } from './machine.ts';
import type { LabHost, LabPaths, LabRoots, LabSpec } from './names.ts';
import { checkSpec, hostPaths, labPaths, switchAddress, switchNamespace } from './names.ts';
import type { LinkState } from './network.ts';
import { linkStates, makeSwitch, namespaces } from './network.ts';
import { lock, must } from './process.ts';
import { ageSeconds, firstProcess, labProcesses } from './process-table.ts';
import { powerOff } from './faults.ts';
import { tarballs } from './tarballs.ts';
import { hasTraces, removeLab } from './remove.ts';
import type { LabWorld } from './world.ts';
import { seconds } from './world.ts';
import { startKeeper } from './keeper.ts';
import type { Keeper } from './keeper.ts';

export interface UpOptions {
  /** Takes the lab down when a process ends, however it ends. */
  readonly keeper: Keeper | null;
}

/**
 * Makes everything of a lab that is not there, and boots every host that is off. Hosts that are up stay as they
 * are, unless the inventory moved them. May be interrupted anywhere and run again.
 */
export async function up(wanted: LabSpec, world: LabWorld, options: UpOptions): Promise<LabStatus> {
  const spec = checkSpec(wanted);
  const start = performance.now();
  const machine = await checkMachine(world.env['PATH'] ?? '');
  const paths = labPaths(world.roots, spec.name);
  await mkdir(world.roots.labs, { recursive: true });
  await chmod(world.roots.labs, 0o700);
  const held = await lock(paths.lock, world.signal, () =>
    world.say(`lab ${spec.name}: another haup lab is at work on it, waiting`),
  );
  try {
    await mkdir(paths.hosts, { recursive: true });
    await chmod(paths.dir, 0o700);
    if (options.keeper !== null) await startKeeper(spec.name, paths, options.keeper);
    const [base, sources] = await both(image(machine, world), tarballs(machine, world));
    await write(paths.overlay, overlayText(spec, sources), 0o644);
    await makeKeys(spec, paths);
    await forgetOthers(spec, paths, world);
    await makeSwitch(spec, world.signal);
    const booting: LabHost[] = [];
    for (const host of spec.hosts) {
      const its = hostPaths(paths, host.name);
      const on = isOn(await labProcesses(spec.name), host.name);
      const made = await madeFrom(its);
      const same = made?.address === host.address && made.interface === host.interface;
      if (same && on) continue;
      if (on) await powerOff(spec.name, host, world.signal);
      // A host that is off keeps its disk, unless the image under it has gone.
      if (!same || made.image !== base.hash) await makeHost(spec, host, paths, base);
      booting.push(host);
    }
    const keys = new Map<string, string>();
    for (const host of spec.hosts) keys.set(host.name, await publicHostKey(hostPaths(paths, host.name)));
    await write(paths.knownHosts, knownHostsText(spec.hosts, keys), 0o600);
    await write(paths.sshConfig, sshConfigText(spec, paths), 0o644);
    await write(paths.spec, `${JSON.stringify(spec, null, 2)}\n`, 0o644);
    const boot = performance.now();
    await Promise.all(booting.map((host) => powerOn(hostPaths(paths, host.name))));
    await both(...spec.hosts.map((host) => waitUntilRunning(spec, host, paths, world.signal)));
    if (booting.length > 0)
      world.say(`hosts: ${booting.map((host) => host.name).join(', ')} booted in ${seconds(boot)}`);
    world.say(`lab ${spec.name}: up after ${seconds(start)}`);
  } finally {
    await held.release();
  }
  return status(spec.name, world.roots);
}

/** Like Promise.all, but waits for the end of all before it throws the first error. */
async function both<const T extends readonly Promise<unknown>[]>(
  ...promises: T
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled(promises);
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  return Promise.all(promises) as never;
}

async function makeKeys(spec: LabSpec, paths: LabPaths): Promise<void> {
  if (!(await exists(paths.password))) {
    await write(paths.password, `${randomBytes(12).toString('base64url')}\n`, 0o600);
  }
  if (await exists(`${paths.key}.pub`)) return;
  const part = `${paths.key}.part`;
  await rm(part, { force: true });
  await rm(`${part}.pub`, { force: true });
  await must('Making the key of the lab', 'ssh-keygen', [
    ...['-q', '-t', 'ed25519', '-N', '', '-C', `haup-lab-${spec.name}`, '-f', part],
  ]);
  // The public half last: it says that the pair is complete.
  await rename(part, paths.key);
  await rename(`${part}.pub`, `${paths.key}.pub`);
}

/** Removes hosts of an earlier inventory. */
async function forgetOthers(spec: LabSpec, paths: LabPaths, world: LabWorld): Promise<void> {
  const before = await readSpec(paths);
  for (const name of await readdir(paths.hosts)) {
    if (spec.hosts.some((host) => host.name === name)) continue;
    const old = before?.hosts.find((host) => host.name === name);
    if (old !== undefined) {
      await powerOff(spec.name, old, world.signal);
      world.say(`hosts: ${name} is no longer in the inventory, removed`);
    }
    await rm(`${paths.hosts}/${name}`, { recursive: true, force: true });
  }
}

/** Takes a lab down and removes every trace; fine when there is nothing, or only a part. */
export async function down(name: string, world: LabWorld): Promise<void> {
  if (!(await hasTraces(name, world.roots))) {
    world.say(`lab ${name}: nothing is there`);
    return;
  }
  const start = performance.now();
  const paths = labPaths(world.roots, name);
  await mkdir(world.roots.labs, { recursive: true });
  const held = await lock(paths.lock, world.signal, () =>
    world.say(`lab ${name}: another haup lab is at work on it, waiting`),
  );
  try {
    await removeLab(name, world.roots);
    await rm(paths.lock, { force: true });
  } finally {
    await held.release();
  }
  world.say(`lab ${name}: down after ${seconds(start)}`);
}

export interface LabHostStatus extends LabHost {
  readonly power: 'on' | 'off';
  readonly link: LinkState;
  /** Seconds since the host's systemd started; null while it is off. */
  readonly uptime: number | null;
}

export interface LabStatus {
  readonly name: string;
  /** True when the switch and every host are there, and every host is on. */
  readonly up: boolean;
  readonly switchAddress: string;
  readonly sshConfig: string;
  readonly overlay: string;
  readonly hosts: readonly LabHostStatus[];
}

/** Throws LAB_DOWN when there is no such lab. */
export async function status(name: string, roots: LabRoots): Promise<LabStatus> {
  const paths = labPaths(roots, name);
  const spec = await specOf(name, roots);
  const processes = await labProcesses(name);
  const links = await linkStates(spec);
  const hosts = await Promise.all(
    spec.hosts.map(async (host): Promise<LabHostStatus> => {
      const first = await firstProcess(processes, host.name);
      return {
        ...host,
        power: first === null ? 'off' : 'on',
        link: links.get(host.name) ?? 'unplugged',
        uptime: first === null ? null : await ageSeconds(first),
      };
    }),
  );
  return {
    name,
    up: hosts.every((host) => host.power === 'on'),
    switchAddress: switchAddress(spec),
    sshConfig: paths.sshConfig,
    overlay: paths.overlay,
    hosts,
  };
}

/** The spec of a lab that is up, or at least was made; LAB_DOWN otherwise. */
export async function specOf(name: string, roots: LabRoots): Promise<LabSpec> {
  const spec = await readSpec(labPaths(roots, name));
  if (spec !== null && (await namespaces()).includes(switchNamespace(name))) return spec;
  throw new HaupError('LAB_DOWN', `Lab ${name} is not up.`, {
    hint: `Make it with haup lab up${name === 'haup' ? '' : ` --name ${name}`}.`,
  });
}

async function readSpec(paths: LabPaths): Promise<LabSpec | null> {
  const text = await readFile(paths.spec, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as LabSpec);
}

async function write(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.part`, text, { mode });
  await rename(`${path}.part`, path);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
