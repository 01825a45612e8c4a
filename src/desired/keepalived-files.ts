/** The files of keepalived: its configuration and the scripts that it and its unit run. */

import type { FileWant } from '../model/desired.ts';
import type { HostName, HostSpec, Inventory } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import { drainFile } from '../model/layout.ts';
import { probePath } from '../nginx/probe.ts';
import { keepalivedFeatures } from '../cluster/keepalived-features.ts';
import { fileWant } from './file-want.ts';
import { paths, scripts, scriptUser } from './paths.ts';
import type { IndexedInventory } from './inventory-index.ts';
import type { Render } from './load-render.ts';
import { instances } from './vrrp-instances.ts';

/** The documented profile has no health check: the source document has none. */
export const checksNginx = (inventory: Inventory): boolean =>
  inventory.vrrp.profile !== 'documented' && inventory.vrrp.check.enabled;

/** Throws INTERFACE_MISSING, INVENTORY_INVALID. */
export function keepalivedFiles(
  inventory: IndexedInventory,
  host: HostSpec,
  facts: ReadonlyMap<HostName, HostFacts>,
  render: Render,
): readonly FileWant[] {
  const { vrrp } = inventory;
  const full = vrrp.profile !== 'documented';
  const features = keepalivedFeatures(keepalivedVersion(inventory, facts.get(host.name)));
  const check = checksNginx(inventory) ? vrrp.check : null;
  const { entry } = paths(inventory, 'keepalived');
  const vips = inventory.hostVips(host.name);
  const conf = render('keepalived.conf', {
    routerId: host.name,
    full,
    realTime: vrrp.profile === 'fast' && features.realTime ? { limit: features.realTimeLimit } : null,
    check: check === null ? null : { ...check, script: scripts.checkNginx, user: scriptUser },
    drain: full && features.trackFile ? { keyword: features.trackFileKeyword, file: drainFile } : null,
    preemptDelay: full ? vrrp.preemptDelay : 0,
    garpMasterRefresh: full ? vrrp.garpMasterRefresh : 0,
    instances: instances(inventory, host, facts).map((one) => ({
      ...one,
      version3: one.version === 3,
      authPass: one.authPass === null ? null : configToken(one.authPass, 'vrrp.auth_pass'),
    })),
  });
  const script = (path: string, template: string, data: object): FileWant =>
    fileWant(path, render(template, data), 0o755);
  return [
    fileWant(entry, conf, 0o640, vrrp.authPass !== null),
    ...(check === null
      ? []
      : [
          script(scripts.checkNginx, 'haup-check-nginx', {
            port: inventory.nginx.healthPort,
            path: probePath,
            seconds: check.timeout,
          }),
        ]),
    script(scripts.started, 'haup-started', { vips: vips.length }),
    script(scripts.release, 'haup-release', { addresses: vips.map((vip) => vip.address.address) }),
  ];
}

/** A package's version is the system's to choose: the installed one counts, or that on offer, or the inventory's. */
export function keepalivedVersion(inventory: Inventory, facts: HostFacts | undefined): string {
  if (inventory.keepalived.from === 'source') return inventory.keepalived.version;
  return (
    facts?.software.keepalived?.version ?? facts?.offered?.['keepalived'] ?? inventory.keepalived.version
  );
}

/** keepalived.conf has quotes and comments, but no way to write every character: what it could misread is refused. */
function configToken(value: string, key: string): string {
  if (/^[A-Za-z0-9_.,:;+*/=<>?^&%()[\]|-]+$/.test(value)) return value;
  throw new HaupError('INVENTORY_INVALID', `${key} has a character that keepalived.conf cannot carry.`, {
    hint: 'Use letters, digits and any of _ . , : ; + * / = < > ? ^ & % ( ) [ ] | -',
  });
}
