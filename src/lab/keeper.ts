/** A process that takes a lab down when another process ends, even if that is killed. */

import { writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import { joinGroup } from './boot-script.ts';
import { labScript } from './lab-script.ts';
import { labGroup, type LabPaths, switchNamespace } from './names.ts';
import { launch } from './process.ts';
import { startTicks } from './process-table.ts';

export interface Keeper {
  /** The process whose end ends the lab. */
  readonly pid: number;
  /** The command line that takes the lab down. */
  readonly down: readonly string[];
  /** The file of haup that it runs: without it, the keeper takes the lab down by itself. */
  readonly program: string;
}

/** Starts a keeper. A lab may have several; the first process to end takes it down. */
export async function startKeeper(lab: string, paths: LabPaths, keeper: Keeper): Promise<void> {
  const ticks = await startTicks(keeper.pid);
  if (ticks === null) {
    throw new HaupError('USAGE', `There is no process ${keeper.pid}.`, {
      hint: '--for-pid takes the PID of a running process, for example $$ in a shell.',
    });
  }
  const script = `${paths.keeper}.${keeper.pid}`;
  await writeFile(script, keeperScript(lab, paths.dir, keeper, ticks));
  await launch('sh', [script]);
}

/** Waits in sh, without node; haup runs only to take the lab down. */
export function keeperScript(
  lab: string,
  dir: string,
  { pid, down, program }: Keeper,
  ticks: number,
): string {
  const group = labGroup(lab);
  const endLab = labScript('end-lab', {
    group,
    directory: dir,
    switch: switchNamespace(lab),
    remove_group: labScript('remove-group', { group }),
  });
  const keep = labScript(
    'keeper',
    { join_group: joinGroup(lab, 'keeper'), end_lab: endLab, program, directory: dir, pid, ticks },
    down,
  );
  return `#!/bin/sh\n# Takes lab ${lab} down when process ${pid} ends; written by haup lab up --for-pid.\n${keep}`;
}
