/** The files of nginx: its configuration, the sites, and the page that names the host. */

import type { FileWant } from '../model/desired.ts';
import type { HostSpec, Inventory, NginxSoftware, Site, Vip } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Socket } from '../model/socket.ts';
import { sitesIn, wholeText } from '../nginx/whole-config.ts';
import { packageManagerEntries } from '../base/package-managers.ts';
import type { PackageManager } from '../model/package-manager.ts';
import { atLeast } from '../base/version.ts';
import { fileWant } from './file-want.ts';
import { paths } from './paths.ts';
import type { IndexedInventory } from './inventory-index.ts';
import { socketsOf } from './listen-sockets.ts';
import type { Render } from './load-render.ts';
import { including, serverStarts } from './server-block.ts';

/** haup's own directory below nginx's configuration, with a slash at the end. */
export const siteDirectory = (inventory: Inventory): string =>
  `${paths(inventory, 'nginx').configDirectory}haup.d/`;

/** Who nginx's workers run as: a user that haup makes, or the one that the package brings. */
export const workerUser = (inventory: Inventory, manager: PackageManager | null): string =>
  inventory.nginx.from === 'package' && manager !== null ? packageManagerEntries[manager].nginxUser : 'nginx';

/** The files that are the same on every host whose workers run as the same user, and where nginx listens by them. */
export interface SharedNginxFiles {
  readonly main: FileWant;
  readonly sites: readonly FileWant[];
  readonly sockets: readonly Socket[];
}

export function sharedNginxFiles(inventory: Inventory, user: string, render: Render): SharedNginxFiles {
  const { entry, configDirectory } = paths(inventory, 'nginx');
  const directory = siteDirectory(inventory);
  const { sites, workerProcesses, workerConnections, shutdownTimeout, version, prefix, healthPort } =
    inventory.nginx;
  const packaged = inventory.nginx.from === 'package';
  const put = putter(render);
  const pathsOf = (wanted: (site: Site) => boolean): readonly object[] =>
    sites.filter(wanted).map((site) => ({ path: sitePath(directory, site) }));
  const main = put(entry, 'nginx.conf', {
    user,
    workerProcesses: String(workerProcesses),
    workerConnections,
    openFiles: 2 * workerConnections + 64,
    shutdownTimeout,
    // Of a package's version nothing is known before it is installed.
    keepaliveMin: !packaged && atLeast(version, keepaliveMinSince) ? keepaliveMin : null,
    pid: nginxPid,
    logs: packaged ? '/var/log/nginx' : `${prefix}/logs`,
    mimeTypes: `${configDirectory}mime.types`,
    health: { port: healthPort, identity: `${directory}host.inc` },
    sites: pathsOf((site) => site.serves.kind !== 'stream'),
    streams: pathsOf((site) => site.serves.kind === 'stream'),
    packaged,
  });
  const files = sites.map((site) => siteFile(site, directory, put));
  return { main, sites: files, sockets: socketsOf([main, ...files]) };
}

export function nginxFiles(
  inventory: IndexedInventory,
  host: HostSpec,
  { main, sites }: SharedNginxFiles,
  render: Render,
): readonly FileWant[] {
  const directory = siteDirectory(inventory);
  const put = putter(render);
  return [
    main,
    put(`${directory}host.inc`, 'host.inc', { host: host.name }),
    ...sites,
    ...(inventory.nginx.sites.some((site) => site.serves.kind === 'page')
      ? [
          put(`${directory}page/index.html`, 'page.html', {
            host: host.name,
            vips: inventory.hostVips(host.name).map(listedVip),
          }),
        ]
      : []),
  ];
}

const keepaliveMinSince = '1.27.4';
/** Less than what is left of a grace when nginx is asked to close what is idle. */
const keepaliveMin = '3s';

type Put = (path: string, template: string, data: object) => FileWant;

const putter =
  (render: Render): Put =>
  (path, template, data) =>
    fileWant(path, render(template, data), 0o644);

/** The same for every build, so that the unit need not know what ./configure was told. */
export const nginxPid = '/run/nginx.pid';

const sitePath = (directory: string, site: Site): string => `${directory}site-${site.name}.conf`;

const listedVip = ({ address, members }: Vip): object => ({
  address: address.address,
  order: members.map(({ host }) => host).join(' → '),
});

function siteFile(site: Site, directory: string, put: Put): FileWant {
  const common = {
    name: site.name,
    listens: site.listen,
    serverNames: site.serverNames.join(' ') || '_',
    identity: `${directory}host.inc`,
  };
  const path = sitePath(directory, site);
  const { serves } = site;
  if (serves.kind === 'page') return put(path, 'site-page.conf', { ...common, root: `${directory}page` });
  if (serves.kind === 'root') return put(path, 'site-root.conf', { ...common, root: serves.path });
  if (serves.kind === 'proxy')
    return put(path, 'site-proxy.conf', {
      ...common,
      upstreams: serves.upstreams,
      connection: `haup_connection_${variable(site.name)}`,
    });
  if (serves.kind === 'stream')
    return put(path, 'site-stream.conf', { ...common, upstreams: serves.upstreams });
  const starts = serverStarts(serves.text);
  const text = including(serves.text, starts, common.identity).trimEnd();
  const template = starts.length > 0 ? 'site-file.conf' : 'site-body.conf';
  return put(path, template, { ...common, lines: text.split(/\r\n?|\n/) });
}

/** What nginx serves on a host by the files that are known of it; null: they are not. */
export function servedNow(inventory: Inventory, facts: HostFacts): Pick<NginxSoftware, 'sites'> | null {
  const texts = Object.entries(facts.files).flatMap(([path, fact]) =>
    fact.state === 'present' && fact.text !== null ? [[path, fact.text] as const] : [],
  );
  const text = wholeText(paths(inventory, 'nginx').entry, new Map(texts));
  return text === null ? null : sitesIn(text);
}

/** What a name is in that of an nginx variable, which has letters, digits and underscores only. */
const variable = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9]/g, (character) => `_${character.charCodeAt(0).toString(16)}`);
