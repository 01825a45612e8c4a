/** A process that takes a lab down when another process ends, even if that is killed. */

import { writeFile } from 'node:fs/promises';
import { HaupError } from '../model/errors.ts';
import { joinGroup } from './boot-script.ts';
import type { LabPaths } from './names.ts';
import { launch } from './process.ts';
import { startTicks } from './process-table.ts';

export interface Keeper {
  /** The process whose end ends the lab. */
  readonly pid: number;
  /** The command line that takes the lab down. */
  readonly down: readonly string[];
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
export function keeperScript(lab: string, dir: string, keeper: Keeper, ticks: number): string {
  const quoted = keeper.down.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return `#!/bin/sh
# Takes lab ${lab} down when process ${keeper.pid} ends; written by haup lab up --for-pid.
trap '' HUP INT
${joinGroup(lab, 'keeper')} || exit 1
# The number of a process is used again, its number with its start is not.
alive() {
  line=$(cat /proc/${keeper.pid}/stat 2>/dev/null) || return 1
  set -- \${line##*)}
  [ "\${20}" = ${ticks} ] && [ "$1" != Z ]
}
while alive; do
  [ -d '${dir}' ] || exit 0
  sleep 0.5
done
tries=0
until ${quoted} >/dev/null 2>&1 </dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 20 ] || exit 1
  sleep 1
done
`;
}
