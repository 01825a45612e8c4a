import type { DesiredHost } from '../model/desired.ts';
import type { Inventory, Service } from '../model/domain.ts';
import type { FactsRequest } from '../model/facts.ts';
import { sha256 } from '../base/digest.ts';
import { services } from '../model/domain.ts';
import { firewallFiles } from '../model/firewall-rules.ts';
import { knownPackages } from './package-needs.ts';
import { paths } from './paths.ts';
import { sysvQuestions } from './sysv.ts';
import { repoDirectory } from './vault.ts';

/**
 * What to ask a host, so that one round trip is enough. `desired` is the host as wanted before anything is known of it:
 * the paths and users that it names are the same whatever the host turns out to be, only their contents differ.
 */
export function factsRequest(inventory: Inventory, { resources }: DesiredHost): FactsRequest {
  return {
    ...statusRequest(inventory),
    firewall: inventory.firewall === 'open',
    listening: true,
    running: true,
    // All of them: which name a library has depends on the system's version, another answer of this question.
    packages: knownPackages,
    offers: services.filter((service) => inventory[service].from === 'package'),
    users: unique(resources.flatMap((resource) => (resource.kind === 'user' ? [resource.name] : []))),
    files: unique([
      ...resources.flatMap((resource) => {
        if (resource.kind === 'config') return resource.set.files.map(({ path }) => path);
        if (resource.kind === 'unit') return [resource.file.path];
        if (resource.kind !== 'init') return [];
        return [...sysvQuestions, ...resource.files.flatMap(({ path, from }) => [path, from ?? path])];
      }),
      ...(inventory.firewall === 'open' ? firewallFiles : []),
    ]),
    known: knownContents(resources),
    directories: [
      ...unique(resources.flatMap((resource) => (resource.kind === 'config' ? resource.set.owns : []))),
      ...(inventory.packages.vault ? [repoDirectory] : []),
    ],
  };
}

/**
 * Files of the assumed host: most are the same on the real one. Other users of the host can read a command, and could
 * guess a password from the digest of its file, so files with secrets are left out.
 */
function knownContents(resources: DesiredHost['resources']): ReadonlyMap<string, Uint8Array> {
  const files = resources.flatMap((resource) => {
    if (resource.kind === 'config') return resource.set.files;
    return resource.kind === 'unit' ? [resource.file] : [];
  });
  return new Map(files.filter(({ secret }) => !secret).map(({ bytes }) => [sha256(bytes), bytes]));
}

/** The request of a command that only looks: services, addresses, versions. */
export function statusRequest(inventory: Inventory): FactsRequest {
  const binary = (service: Service): FactsRequest['binaries'][Service] => ({
    path: paths(inventory, service).binary,
    prefix: inventory[service].prefix,
  });
  return {
    packages: { deb: [], rpm: [] },
    users: [],
    files: [],
    directories: [],
    binaries: { keepalived: binary('keepalived'), nginx: binary('nginx') },
  };
}

const unique = (list: readonly string[]): readonly string[] => [...new Set(list)];
