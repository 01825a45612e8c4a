/** Packages installed by the host's own manager, and remembered. */

import { quote } from '../../base/quote.ts';
import type { PackageManager } from '../../model/package-manager.ts';
import { minute, type RemoteJob } from '../remote-job.ts';
import { lockMeaning } from './package-lock.ts';
import { packageScript } from './package-script.ts';

/** `lockWait`: seconds that another package run is waited for. */
export function install(manager: PackageManager, names: readonly string[], lockWait: number): RemoteJob {
  return {
    script: installText(manager, names.map(quote).join(' '), lockWait),
    timeoutMs: 15 * minute + lockWait * 1000,
    failure: 'PACKAGES_FAILED',
    meaning: lockMeaning(lockWait),
    what: `${manager} install ${names.join(' ')}`,
  };
}

/**
 * sh whose exit status is that of the installation, or of a wait for another package run in vain; it leaves the shell
 * around it as it is. `list`: words of sh.
 */
export const installText = (manager: PackageManager, list: string, lockWait: number): string => `(
set -- ${list}
${packageScript(manager, 'install-packages', lockWait)})`;
