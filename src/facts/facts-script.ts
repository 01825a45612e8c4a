/** The one read-only script that gathers everything haup wants to know about a host, and the parser of its answer. */

import type { HostName, Service } from '../model/domain.ts';
import type { FactsRequest, HostFacts, HostGrace, SoftwareFacts } from '../model/facts.ts';
import { services } from '../model/domain.ts';
import { packageManagers } from '../model/package-manager.ts';
import { isDrillName } from '../model/fault.ts';
import { installedList, stampPath, unreadMark } from '../model/layout.ts';
import type { ReadScript } from '../model/host.ts';
import { readOwnerWord } from '../base/owner-word.ts';
import { hostScript } from '../base/host-script.ts';
import { parseComplaints } from './complaints.ts';
import { parseInstalled, parseOffered } from './packages.ts';
import { firewallArguments, parseFirewall } from './parse-firewall.ts';
import { parseInterfaces } from './interfaces.ts';
import { parseRecord } from './install-record.ts';
import { parseRunning } from './parse-running.ts';
import { parseServices, unitsOf } from './parse-services.ts';
import { parseSockets } from './parse-sockets.ts';
import { type Answer, readAnswer } from './read-answer.ts';
import { softwareFacts } from './software-facts.ts';

/** A file larger than this is compared by its digest alone. */
const largest = 262_144;

/** Of a digest the host is told no more: every byte counts against the longest command. Its answer has all of it. */
const knownDigits = 16;

export function factsScript(request: FactsRequest): ReadScript {
  const { keepalived, nginx } = request.binaries;
  const offers = request.offers ?? [];
  return hostScript(
    [
      'facts-machine',
      'facts-interfaces',
      'facts-record',
      'facts-services',
      ...(request.firewall === true ? ['facts-firewall'] : []),
      ...(request.listening === true ? ['facts-sockets'] : []),
      'facts-files',
    ],
    {
      package_managers: packageManagers,
      deb_packages: [...request.packages.deb, ...offers],
      rpm_packages: [...request.packages.rpm, ...offers],
      offers,
      users: request.users,
      files: request.files,
      directories: request.directories,
      largest,
      known_digests: [...(request.known?.keys() ?? [])]
        .map((digest) => ` ${digest.slice(0, knownDigits)}`)
        .join(''),
      keepalived: keepalived.path,
      keepalived_stamp: stampPath('keepalived', keepalived.prefix),
      nginx: nginx.path,
      nginx_stamp: stampPath('nginx', nginx.prefix),
      running: request.running === true ? 'yes' : 'no',
      installed_lists,
      unread_marks: services.map(unreadMark),
      ...(request.firewall === true ? firewallArguments : {}),
    },
  ) as ReadScript;
}

/** Of both services; what follows is the service and the prefix. */
const installed_lists = installedList('nginx', '').slice(0, -'nginx'.length);

/** Parses what `factsScript` printed. Throws FACTS_UNREADABLE when it is incomplete. */
export function parseFacts(host: HostName, output: Uint8Array, known?: FactsRequest['known']): HostFacts {
  const answer = readAnswer(host, output, largest, known);
  const { all, first, files, clockMs } = answer;
  const [arch = '', machineId = '', kernel = ''] = first('machine');
  const [manager] = first('manager');
  const [drill] = first('drill');
  const drain = Number.parseInt(first('drain')[0] ?? '', 10);
  const libraries = all('library').map(([name = '']) => name);
  const units = unitsOf(answer);
  return {
    host,
    machineId,
    arch,
    kernel,
    ...(all('virtual').length > 0 ? { virtual: true } : {}),
    clockMs,
    os: osFacts(all('os').map((line) => line.join('\t'))),
    systemd: all('systemd').length > 0,
    packageManager: packageManagers.find((name) => name === manager) ?? null,
    packages: parseInstalled(all('package')),
    offered: parseOffered(answer),
    users: all('user').map(([name = '']) => name),
    interfaces: parseInterfaces(answer),
    ...(all('bare').length === 0 ? {} : { lacks: ['ip'] }),
    nft: nftOf(first('nft')[0]),
    files,
    services: parseServices(answer, units),
    software: { keepalived: softwareOf('keepalived', answer), nginx: softwareOf('nginx', answer) },
    libraries: {
      openssl: opensslOf(libraries),
      pcre1: libraries.includes('pcre1'),
      pcre2: libraries.includes('pcre2'),
    },
    unread: services.filter((service) => all('unread').some(([mark]) => mark === unreadMark(service))),
    drain: Number.isNaN(drain) ? null : drain,
    drill: isDrillName(drill) ? drill : null,
    ...lockOf(answer),
    ...gracesOf(answer),
    record: parseRecord(all('record'), all('intent'), files),
    ...parseComplaints(answer.output('journal')),
    firewall: parseFirewall(all('firewall')),
    ...(answer.ran('ss') ? { listening: parseSockets(answer.output('ss'), units) } : {}),
    running: parseRunning(all('ran'), all('read'), units),
  };
}

function osFacts(release: readonly string[]): HostFacts['os'] {
  const value = (key: string): string =>
    release
      .find((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1)
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2') ?? '';
  return { id: value('ID'), version: value('VERSION_ID'), name: value('PRETTY_NAME') };
}

/** Of `libcrypto.so.3` and the `libcrypto.so.3.0.7` that it leads to the shorter; of several generations the newest. */
function opensslOf(libraries: readonly string[]): string | null {
  const versions = libraries.flatMap((name) => /^libcrypto\.so\.(.+)$/.exec(name)?.[1] ?? []);
  // Red Hat calls 1.0 `10`.
  const generation = (version: string): number => (version === '10' ? 1 : Number.parseFloat(version));
  return versions.toSorted((a, b) => generation(b) - generation(a) || a.length - b.length)[0] ?? null;
}

function softwareOf(name: Service, answer: Answer): SoftwareFacts | null {
  const record = answer.all('software').find(([service]) => service === name);
  if (record === undefined) return null;
  const [, path = '', stamp = '', program = path] = record;
  return softwareFacts(name, { path, program }, answer.output(name).join('\n'), stamp);
}

function lockOf({ first }: Answer): Pick<HostFacts, 'lockedBy'> {
  const [word] = first('lock');
  return word === undefined ? {} : { lockedBy: readOwnerWord(word) };
}

const nftOf = (word: string | undefined): HostFacts['nft'] =>
  word === 'present' || word === 'old-kernel' ? word : 'absent';

function gracesOf({ all }: Answer): Pick<HostFacts, 'graces'> {
  const open = new Map(all('connections').map(([vip = '', count]) => [vip, Number(count)]));
  const graces = all('grace').flatMap(([line = '', up = '0']): readonly HostGrace[] => {
    const [part, , , vip, until] = line.split(' ');
    if ((part !== 'answer' && part !== 'forward') || vip === undefined) return [];
    return [{ vip, part, connections: open.get(vip) ?? null, leftSeconds: Number(until ?? 0) - Number(up) }];
  });
  return graces.length === 0 ? {} : { graces };
}
