/** The priority of the thread that calls it, above the ordinary programs of this machine. */

import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * How long a thread may run in each period, in µs. What is asked may share the processor, and gets the rest: with all of
 * it, losses would be the sampler's own.
 */
const runUs = { send: 3500, wait: 500 } as const;
const periodUs = 5000;

/** How a thread asks this machine. @throws Error when it is refused */
export interface Scheduler {
  readonly platform: string;
  /** nice -20. */
  readonly highest: () => void;
  /** Before every other thread, for so long in each period: sched(7), SCHED_DEADLINE. */
  readonly deadline: (runUs: number, periodUs: number) => void;
}

export const thisMachine: Scheduler = {
  platform: process.platform,
  highest: () => setPriority(0, constants.priority.PRIORITY_HIGHEST),
  deadline(run, period) {
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1) ?? '';
    const ns = (us: number): string => String(us * 1000);
    // Node.js has no call for it. Without the reset the thread could start no other.
    const policy = ['--deadline', '--reset-on-fork'];
    const share = ['--sched-runtime', ns(run), '--sched-deadline', ns(period), '--sched-period', ns(period)];
    const args = [...policy, ...share, '--pid', '0', thread];
    const { error, status } = spawnSync('chrt', args, { stdio: 'ignore' });
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`chrt ended with ${status}`);
  },
};

/**
 * For a thread that sends requests, or waits until one is due. False where that is not allowed: it takes root, or
 * CAP_SYS_NICE. On Linux a priority is a thread's own; elsewhere it would be the whole program's, and is left alone.
 */
export function goFirst(part: keyof typeof runUs, scheduler: Scheduler = thisMachine): boolean {
  if (scheduler.platform !== 'linux') return false;
  try {
    scheduler.highest();
  } catch {
    return false;
  }
  try {
    scheduler.deadline(runUs[part], periodUs);
  } catch {
    // Without chrt, confined to some processors, or where others have reserved them: nice -20 is what there is.
  }
  return true;
}
