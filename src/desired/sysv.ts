/** keepalived registered by the init script of its source tree, as once on CentOS. Pure. */

import { packageManagerEntries } from '../base/package-managers.ts';
import type { FileWant, Resource } from '../model/desired.ts';
import type { Inventory } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import { initSources } from '../model/layout.ts';
import { fileWant } from './file-want.ts';
import { paths } from './paths.ts';

/** What the init script reads before anything else: Red Hat's, of the package initscripts. */
const functionsFile = '/etc/rc.d/init.d/functions';

/** Where a unit of another's lies, in the order in which systemd looks; one of them hides an init script. */
const nativeUnits = [
  '/run/systemd/system/keepalived.service',
  '/usr/local/lib/systemd/system/keepalived.service',
  '/usr/lib/systemd/system/keepalived.service',
  '/lib/systemd/system/keepalived.service',
];

/** What has to be known of a host on which keepalived is registered so. */
export const sysvQuestions: readonly string[] = [functionsFile, ...nativeUnits];

/** Facts that let it be registered so, where no host was asked. */
export const sysvAssumed: HostFacts['files'] = {
  [functionsFile]: { state: 'present', sha256: '', mode: 0o644, owner: 'root:root', text: null },
};

/** None where keepalived is registered by a unit. Throws HOST_UNSUPPORTED where an init script would not start. */
export function initScript(inventory: Inventory, facts: HostFacts): readonly Resource[] {
  if (inventory.keepalived.service !== 'sysv') return [];
  refuseUnlikeRedHat(facts);
  refuseHidden(facts);
  const from = initSources(inventory.keepalived.prefix);
  const { binary, entry } = paths(inventory, 'keepalived');
  // The script names the program without its path, and the functions set a PATH that has no prefix in it.
  const settings = Buffer.from(`
# The rest is written by haup: where the program is that it built, and the configuration that it tests and writes.
PATH=${binary.replace(/\/[^/]+$/, '')}:$PATH
KEEPALIVED_OPTIONS="$KEEPALIVED_OPTIONS --use-file=${entry}"
`);
  const files: readonly FileWant[] = [
    { ...fileWant('/etc/init.d/keepalived', new Uint8Array(), 0o755), from: from.script },
    { ...fileWant('/etc/sysconfig/keepalived', settings, 0o644), from: from.settings },
  ];
  return [{ kind: 'init', service: 'keepalived', files }];
}

function refuseUnlikeRedHat({ host, files, packageManager, os }: HostFacts): void {
  if (files[functionsFile]?.state === 'present') return;
  throw new HaupError(
    'HOST_UNSUPPORTED',
    `${functionsFile} is missing, and the init script of keepalived does nothing without it.`,
    {
      host,
      hint:
        packageManager !== null && packageManagerEntries[packageManager].family === 'rpm'
          ? `Install it on ${host} (${packageManager} install initscripts), or set keepalived.service: systemd. Nothing was changed.`
          : `${os.name || 'This system'} has no package of it: set keepalived.service: systemd. Nothing was changed.`,
    },
  );
}

/** systemd makes no unit of an init script when there is one of that name already. */
function refuseHidden({ host, files, services, record }: HostFacts): void {
  const used = services.keepalived.unit;
  const foreign = used !== '' && !used.startsWith('/run/systemd/generator') && !record.files.includes(used);
  const hiding = foreign ? used : nativeUnits.find((path) => files[path]?.state === 'present');
  if (hiding === undefined) return;
  const ours = record.packages.includes('keepalived');
  throw new HaupError(
    'HOST_UNSUPPORTED',
    `${hiding} hides the init script: systemd prefers a unit of that name.`,
    {
      host,
      hint: ours
        ? 'It belongs to the package that haup installed: apply with keepalived.service: systemd first, which takes the package away. Nothing was changed.'
        : `Remove the package that it belongs to, or the file (make install puts one there) and run systemctl daemon-reload on ${host}; or set keepalived.service: systemd. Nothing was changed.`,
    },
  );
}
