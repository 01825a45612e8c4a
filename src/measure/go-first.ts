/** The priority of the thread that calls it, above the ordinary programs of this machine. */

import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Requests a second, to all targets together. In the real-time class, more of them would keep a processor from what is
 * asked, where both share it: losses would be the sampler's own.
 */
const realTimeMostPerSecond = 400;

/** How a thread asks this machine. @throws Error when it is refused */
export interface Scheduler {
  readonly platform: string;
  /** nice -20. */
  readonly highest: () => void;
  readonly realTime: () => void;
}

export const thisMachine: Scheduler = {
  platform: process.platform,
  highest: () => setPriority(0, constants.priority.PRIORITY_HIGHEST),
  realTime() {
    // Node.js has no call for it. Of all real-time threads, ours come last.
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1) ?? '';
    const { error, status } = spawnSync('chrt', ['--rr', '--pid', '1', thread], { stdio: 'ignore' });
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`chrt ended with ${status}`);
  },
};

/**
 * False where that is not allowed: it takes root, or CAP_SYS_NICE. On Linux a priority is a thread's own, and threads
 * that it starts inherit it; elsewhere it would be the whole program's, and is left alone.
 */
export function goFirst(
  perSecond: number,
  { platform, highest, realTime }: Scheduler = thisMachine,
): boolean {
  if (platform !== 'linux') return false;
  try {
    highest();
  } catch {
    return false;
  }
  if (perSecond > realTimeMostPerSecond) return true;
  try {
    realTime();
  } catch {
    // A machine without chrt, or a container that has no real-time share: nice -20 is what there is.
  }
  return true;
}
