import type { Action } from '../../model/action.ts';
import type { RemoteJob } from '../remote-job.ts';
import { lockMeaning } from './package-lock.ts';
import { packageScript } from './package-script.ts';

export function removePackages(
  { manager, names, purge }: Extract<Action, { readonly do: 'remove-packages' }>,
  lockWait: number,
): RemoteJob {
  return {
    script: packageScript(manager, 'remove-packages', lockWait, { purge: purge ? 'yes' : '' }, names),
    timeoutMs: 15 * 60_000 + lockWait * 1000,
    failure: 'PACKAGES_FAILED',
    meaning: lockMeaning(lockWait),
    what: `removing ${names.join(' ')}`,
  };
}
