/** Inventory × facts → how each host should be, as an ordered list of resources. Pure. */

import type { BuildRecipe, DesiredHost, FileWant, Resource } from '../model/desired.ts';
import type { HostName, HostSpec, Inventory, Service } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import { HaupError, SeveralErrors } from '../model/errors.ts';
import { stateDirectory } from '../model/layout.ts';
import { packageNames } from '../base/package-managers.ts';
import { fileWant } from './file-want.ts';
import { firewall } from './wanted-rules.ts';
import { checksNginx, keepalivedFiles } from './keepalived-files.ts';
import { buildNeeds } from './build-needs.ts';
import {
  nginxFiles,
  nginxPid,
  type SharedNginxFiles,
  sharedNginxFiles,
  siteDirectory,
  workerUser,
} from './nginx-files.ts';
import { refuseImpossible, refuseWithoutTools } from './obstacles.ts';
import { buildPackages, curlPackage, runtimePackages } from './package-needs.ts';
import { hasOwnUnit, paths, scripts, scriptUser, unitPath } from './paths.ts';
import { tarball } from './releases.ts';
import { type IndexedInventory, indexed } from './inventory-index.ts';
import type { Render } from './load-render.ts';
import { refuseTakenPorts } from './listen-sockets.ts';
import { initScript } from './sysv.ts';
import { vaultFiles } from './vault.ts';
import { anyPackageManager } from '../model/package-manager.ts';

/**
 * One entry for each host that facts are known of, in the inventory's order.
 * Throws INTERFACE_MISSING, BUILD_IMPOSSIBLE, HOST_UNSUPPORTED, INVENTORY_INVALID; several hosts' errors at once.
 */
export function desire(
  inventory: Inventory,
  facts: ReadonlyMap<HostName, HostFacts>,
  render: Render,
): readonly DesiredHost[] {
  const index = indexed(inventory);
  const shared = new Map<string, SharedNginxFiles>();
  const sharedFor = (user: string): SharedNginxFiles => {
    const files = shared.get(user) ?? sharedNginxFiles(inventory, user, render);
    shared.set(user, files);
    return files;
  };
  const errors: HaupError[] = [];
  const desired = inventory.hosts.flatMap((host): readonly DesiredHost[] => {
    const known = facts.get(host.name);
    if (known === undefined) return [];
    try {
      return [{ host: host.name, resources: resources(index, host, known, facts, render, sharedFor) }];
    } catch (error) {
      // An error of the inventory is the same on every host: one is enough.
      if (!(error instanceof HaupError) || error.host === undefined) throw error;
      errors.push(error);
      return [];
    }
  });
  const [first, ...others] = errors;
  if (first === undefined) return desired;
  throw others.length === 0 ? first : new SeveralErrors([first, ...others]);
}

function resources(
  inventory: IndexedInventory,
  host: HostSpec,
  known: HostFacts,
  facts: ReadonlyMap<HostName, HostFacts>,
  render: Render,
  sharedFor: (user: string) => SharedNginxFiles,
): readonly Resource[] {
  if (!known.systemd) {
    throw new HaupError(
      'HOST_UNSUPPORTED',
      'systemd does not run this host, and haup registers its services with systemd.',
      {
        host: host.name,
        hint: 'Use a system that systemd runs, such as Debian, Ubuntu, Rocky or CentOS 7 and newer.',
      },
    );
  }
  refuseWithoutTools(known);
  const user = workerUser(inventory, known.packageManager);
  const repos = inventory.packages.vault ? vaultFiles(known) : [];
  const checks = checksNginx(inventory);
  const shared = sharedFor(user);
  const files = nginxFiles(inventory, host, shared, render);
  const { sockets } = shared;
  refuseTakenPorts(sockets, known);
  return [
    ...(repos.length === 0 ? [] : [{ kind: 'repos', files: repos } as const]),
    ...packages(inventory, 'keepalived', known),
    ...packages(inventory, 'nginx', known),
    ...needed(runtimePackages(known, keepsConnections(inventory)), 'run'),
    ...(checks ? [{ kind: 'user', name: scriptUser, for: 'the health check' } as const] : []),
    ...(inventory.nginx.from === 'source'
      ? [{ kind: 'user', name: user, for: 'the workers of nginx' } as const]
      : []),
    ...build(inventory, 'keepalived', known),
    ...build(inventory, 'nginx', known),
    ...firewall(inventory, host, facts, render),
    // nginx comes first from here on: keepalived's first health check then finds it answering.
    configSet(inventory, 'nginx', files, [siteDirectory(inventory).replace(/\/$/, '')]),
    unit(inventory, 'nginx', render),
    configSet(inventory, 'keepalived', keepalivedFiles(inventory, host, facts, render), []),
    unit(inventory, 'keepalived', render),
    ...initScript(inventory, known),
    { kind: 'service', service: 'nginx', enabled: true, running: true, sockets },
    { kind: 'service', service: 'keepalived', enabled: true, running: true },
  ];
}

function packages(inventory: Inventory, service: Service, facts: HostFacts): readonly Resource[] {
  if (inventory[service].from === 'source') {
    const names = buildPackages(recipe(inventory, service), facts.packageManager, facts.os);
    const curl = inventory.fetch === 'host' ? curlPackage(facts) : [];
    return needed([...new Set([...names, ...curl])], service);
  }
  if (facts.packageManager === null) {
    throw new HaupError(
      'HOST_UNSUPPORTED',
      `${service} is to come from a package, and this host has no ${anyPackageManager}.`,
      {
        host: facts.host,
        hint: `Set ${service}.from: source.`,
      },
    );
  }
  const streams = service === 'nginx' && inventory.nginx.sites.some(({ serves }) => serves.kind === 'stream');
  return needed(
    [service, ...(streams ? packageNames(facts.packageManager, 'nginxStream', facts.os) : [])],
    'run',
  );
}

/** Without drains no VIP moves while its connections live on. */
const keepsConnections = ({ grace, vrrp }: Inventory): boolean => grace > 0 && vrrp.profile === 'default';

const needed = (names: readonly string[], purpose: 'run' | Service): readonly Resource[] =>
  names.length === 0 ? [] : [{ kind: 'package', names, for: purpose }];

function build(inventory: Inventory, service: Service, facts: HostFacts): readonly Resource[] {
  if (inventory[service].from === 'package') return [];
  const wanted = recipe(inventory, service);
  // What is there already has proved that it can be built.
  if (facts.software[service]?.version !== wanted.version) refuseImpossible(wanted, facts);
  return [{ kind: 'build', recipe: wanted, needs: buildNeeds(inventory, service) }];
}

function recipe(inventory: Inventory, service: Service): BuildRecipe {
  const software = inventory[service];
  return {
    software: service,
    version: software.version,
    prefix: software.prefix,
    configure: [`--prefix=${software.prefix}`, ...software.configure],
    tarball: tarball(service, software),
    entry: paths(inventory, service).entry,
  };
}

function configSet(
  inventory: Inventory,
  service: Service,
  files: readonly FileWant[],
  owns: readonly string[],
): Resource {
  const { binary, entry } = paths(inventory, service);
  return { kind: 'config', set: { service, files, binary, entry, owns } };
}

function unit(inventory: Inventory, service: Service, render: Render): Resource {
  const { binary, entry } = paths(inventory, service);
  const template = hasOwnUnit(service, inventory) ? `${service}.service` : `${service}.dropin`;
  const data = { binary, entry, pid: nginxPid, state: stateDirectory, ...scripts };
  return {
    kind: 'unit',
    service,
    file: fileWant(unitPath(service, inventory), render(template, data), 0o644),
  };
}
