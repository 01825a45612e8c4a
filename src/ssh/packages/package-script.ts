import { hostScript } from '../../base/host-script.ts';
import type { ScriptArguments } from '../../base/script-text.ts';
import { type PackageFamily, packageManagerEntries } from '../../base/package-managers.ts';
import type { PackageManager } from '../../model/package-manager.ts';
import { lockArguments } from './package-lock.ts';

/** A task with the packages of a manager, as sh. `lockWait`: seconds that another package run is waited for. */
export function packageScript(
  manager: PackageManager,
  task: PackageTask,
  lockWait: number,
  more: ScriptArguments = {},
  words?: readonly string[],
): string {
  const { family } = packageManagerEntries[manager];
  const given = { ...lockArguments(manager, lockWait), ...(family === 'rpm' ? { manager } : {}), ...more };
  return hostScript([families[family], task], given, words);
}

type PackageTask = 'install-packages' | 'remove-packages';

/** How packages of a family are installed and removed. */
const families = { deb: 'packages-deb', rpm: 'packages-rpm' } as const satisfies Record<
  PackageFamily,
  string
>;
