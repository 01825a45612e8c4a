/** Running programs inside a lab's network. */

import { access, constants } from 'node:fs/promises';
import { knownHost } from './faults.ts';
import { sshArgs } from './lab-hosts.ts';
import { labPaths, switchNamespace } from './names.ts';
import { attach } from './process.ts';
import { specOf } from './lab-state.ts';
import type { LabWorld } from './world.ts';

export interface ExecOptions {
  /** Over the variables that the lab sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets the standard output; absent: it is this terminal's. */
  readonly onStdout?: (text: string) => void;
}

/**
 * Runs a program in the switch's network namespace with this terminal; resolves to its exit status.
 * `haup` means the haup that is running, unless $PATH has one. Rejects with LAB_DOWN.
 * @param haup the command line of the haup that is running
 */
export async function execInLab(
  lab: string,
  command: readonly string[],
  haup: readonly string[],
  world: LabWorld,
  { env: own = {}, onStdout }: ExecOptions = {},
): Promise<number> {
  const spec = await specOf(lab, world.roots);
  const paths = labPaths(world.roots, lab);
  const [first = '', ...rest] = command;
  const isOwn = first === 'haup' && !(await onPath('haup', world.env['PATH'] ?? ''));
  const env = {
    ...world.env,
    HAUP_LAB: lab,
    HAUP_SSH_CONFIG: paths.sshConfig,
    HAUP_OVERLAY: paths.overlay,
    HAUP_INVENTORY: world.env['HAUP_INVENTORY'] || (spec.inventory ?? undefined),
    ...own,
  };
  const program = isOwn ? [...haup, ...rest] : command;
  const inside = [`--net=/run/netns/${switchNamespace(lab)}`, '--', ...program];
  return attach('nsenter', inside, env, world.signal, onStdout);
}

/** A shell, or one command, on a host of the lab. Rejects with LAB_DOWN or HOST_UNKNOWN. */
export async function sshToHost(
  lab: string,
  name: string,
  command: readonly string[],
  world: LabWorld,
): Promise<number> {
  const host = knownHost(await specOf(lab, world.roots), name);
  const ssh = ['ssh', ...sshArgs(labPaths(world.roots, lab), host.name), ...command];
  return execInLab(lab, ssh, [], world);
}

async function onPath(program: string, path: string): Promise<boolean> {
  for (const dir of path.split(':')) {
    const there = await access(`${dir}/${program}`, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (dir !== '' && there) return true;
  }
  return false;
}
