/** The priority of the thread that calls it, above all ordinary programs of this machine. */

import { constants, setPriority } from 'node:os';

/**
 * False where that is not allowed: it takes root, or CAP_SYS_NICE. On Linux a priority is a thread's own, and threads
 * that it starts inherit it; elsewhere it would be the whole program's, and is left alone.
 */
export function goFirst(set: typeof setPriority = setPriority, platform: string = process.platform): boolean {
  if (platform !== 'linux') return false;
  try {
    set(0, constants.priority.PRIORITY_HIGHEST);
    return true;
  } catch {
    return false;
  }
}
