/** Another run of a package manager: waited for with a limit, and said so. */

import { packageManagerEntries } from '../../base/package-managers.ts';
import type { ScriptArguments } from '../../base/script-text.ts';
import type { PackageManager } from '../../model/package-manager.ts';
import type { Meaning } from '../remote-job.ts';

/** Seconds, where the inventory says nothing. */
export const usualLockWait = 180;

/** Exit status of a script that has waited in vain. */
export const lockedStatus = 69;

/** What package-lock.sh is given. */
export function lockArguments(manager: PackageManager, seconds: number): ScriptArguments {
  const { heldLocks, namedLocks } = packageManagerEntries[manager];
  return {
    held_locks: heldLocks,
    named_locks: namedLocks,
    lock_wait: seconds,
    locked_status: lockedStatus,
  };
}

export const lockMeaning = (seconds: number): Readonly<Record<number, Meaning>> => ({
  [lockedStatus]: {
    code: 'PACKAGES_FAILED',
    message: `Another package run on the host has not ended within ${seconds} s.`,
    hint: 'Let it end, or end it if it hangs (its number and command are above; systemctl status NUMBER says what started it), and run haup apply again. packages.lock_wait in the inventory gives it longer. No package was installed.',
  },
});
