/** Where a service lives on a host, by how it is installed. */

import type { Inventory, Service, Software } from '../model/domain.ts';
import { healthCheck, keepalivedConf } from '../model/layout.ts';

export interface Paths {
  readonly binary: string;
  /** The file that the daemon reads first. */
  readonly entry: string;
  /** Its directory, with a slash at the end. */
  readonly configDirectory: string;
}

export const scripts: Readonly<Record<'checkNginx' | 'started' | 'release', string>> = {
  checkNginx: healthCheck,
  started: '/usr/libexec/keepalived/haup-started',
  release: '/usr/libexec/keepalived/haup-release',
};

/** keepalived runs its check as this user; its own default name for it. */
export const scriptUser = 'keepalived_script';

/** A unit of haup's own for what it built; a drop-in beside the unit that a package or an init script gives. */
export function unitPath(service: Service, inventory: Inventory): string {
  return hasOwnUnit(service, inventory)
    ? `/etc/systemd/system/${service}.service`
    : `/etc/systemd/system/${service}.service.d/haup.conf`;
}

export const hasOwnUnit = (service: Service, { keepalived, nginx }: Inventory): boolean =>
  service === 'keepalived'
    ? keepalived.from === 'source' && keepalived.service === 'systemd'
    : nginx.from === 'source';

export function paths(inventory: Inventory, service: Service): Paths {
  return service === 'keepalived' ? keepalivedPaths(inventory.keepalived) : nginxPaths(inventory.nginx);
}

function keepalivedPaths(software: Software): Paths {
  const sbin =
    option(software, '--sbindir') ?? `${option(software, '--exec-prefix') ?? software.prefix}/sbin`;
  return {
    binary: software.from === 'package' ? '/usr/sbin/keepalived' : `${sbin}/keepalived`,
    // The unit names it with -f, so --sysconfdir has no say in it.
    entry: keepalivedConf,
    configDirectory: '/etc/keepalived/',
  };
}

function nginxPaths(software: Software): Paths {
  if (software.from === 'package') {
    return { binary: '/usr/sbin/nginx', entry: '/etc/nginx/nginx.conf', configDirectory: '/etc/nginx/' };
  }
  const under = (path: string): string => (path.startsWith('/') ? path : `${software.prefix}/${path}`);
  const entry = under(option(software, '--conf-path') ?? 'conf/nginx.conf');
  return {
    binary: under(option(software, '--sbin-path') ?? 'sbin/nginx'),
    entry,
    configDirectory: entry.replace(/[^/]+$/, ''),
  };
}

/** The value of the last `--name=value` among the options of ./configure. */
function option(software: Pick<Software, 'configure'>, name: string): string | null {
  const given = software.configure.findLast((one) => one.startsWith(`${name}=`));
  return given === undefined ? null : given.slice(name.length + 1);
}
