/** Rules for where nginx will listen, including what site files say: they run once those are read. */

import type { Inventory } from '../model/domain.ts';
import { knownProbe } from '../nginx/probe.ts';
import { type Statement, statements } from '../nginx/nginx-text.ts';
import { type Listen, type Server, siteServers } from '../nginx/servers.ts';
import type { Path, Violation } from './violation.ts';

/** A server, and where the inventory has it. */
interface Placed {
  readonly path: Path;
  readonly name: string;
  readonly isFile: boolean;
  readonly server: Server;
}

export function listenRules(inventory: Inventory): Violation[] {
  const placed = inventory.nginx.sites.flatMap((site, i): readonly Placed[] => {
    const isFile = site.serves.kind === 'file';
    const path = ['nginx', 'sites', i, isFile ? 'file' : 'listen'];
    return siteServers(site).map((server) => ({ path, name: site.name, isFile, server }));
  });
  return [
    ...strayStreams(inventory),
    ...foreignPlaces(inventory, placed),
    ...healthPort(inventory, placed),
    ...twoKinds(placed),
    ...silentVips(inventory, placed),
  ];
}

/** A file is the same on all hosts, so it cannot be bound to an address that only one host has. */
function foreignPlaces({ hosts, vips }: Inventory, placed: readonly Placed[]): Violation[] {
  const owners = new Map([
    ...hosts.map(({ name, address }) => [address, `the address of ${name}`] as const),
    ...vips.map(({ address }) => [address.address, 'a VIP'] as const),
  ]);
  return placed
    .filter(({ isFile }) => isFile)
    .flatMap(({ path, server }) =>
      server.listens.flatMap(({ address, text, port }) => {
        const owner = owners.get(address ?? '');
        if (owner === undefined) return [];
        return {
          path,
          message: `it has "listen ${text}", and ${address} is ${owner}: nginx would not start on a host without it`,
          hint: `Write listen ${port} there: it answers on every address of a host, including a VIP that moves there.`,
        };
      }),
    );
}

function healthPort({ nginx }: Inventory, placed: readonly Placed[]): Violation[] {
  const taken = placed.find(({ server }) =>
    server.listens.some((listen) => covers(listen, nginx.healthPort)),
  );
  if (taken === undefined) return [];
  return [
    {
      path: ['nginx', 'health_port'],
      message: `the site ${taken.name} listens on port ${nginx.healthPort}, which haup's own server needs for health checks`,
      hint: 'Choose another nginx.health_port, one that no site and no other program uses.',
    },
  ];
}

/** nginx cannot use one socket for HTTP and for TCP connections. */
function twoKinds(placed: readonly Placed[]): Violation[] {
  const found: Violation[] = [];
  for (const { server, path, name } of placed) {
    if (server.kind !== 'stream') continue;
    for (const listen of server.listens) {
      const other = placed.find(
        (one) => one.server !== server && one.server.listens.some((theirs) => covers(theirs, listen.port)),
      );
      if (other === undefined) continue;
      const message = `the sites ${other.name} and ${name} both listen on port ${listen.port}`;
      found.push({ path, message, hint: 'A stream site needs its own port.' });
    }
  }
  return found;
}

function silentVips({ vips, nginx }: Inventory, placed: readonly Placed[]): Violation[] {
  // haup does not read included files.
  if (placed.some(({ server }) => server.includes)) return [];
  return vips.flatMap(({ address: { address } }, i) => {
    if (knownProbe(nginx, address) !== null) return [];
    const path = ['vips', i, 'address'];
    return [
      { path, message: `no site listens on ${address}`, hint: 'Write listen: [80] in one of nginx.sites.' },
    ];
  });
}

/** nginx refuses a stream block inside `http`, which includes the file. */
function strayStreams({ nginx }: Inventory): Violation[] {
  return nginx.sites.flatMap(({ serves }, i) => {
    if (serves.kind !== 'file' || !statements(serves.text).some(isStreamBlock)) return [];
    return [
      {
        path: ['nginx', 'sites', i, 'file'],
        message: 'it has a stream block, but haup includes the file inside http',
        hint: 'Write a site with stream: [host:port, …] instead.',
      },
    ];
  });
}

const isStreamBlock = ({ block, words }: Statement): boolean => block && words[0] === 'stream';

const covers = ({ address, port, lastPort, parameters }: Listen, wanted: number): boolean =>
  address !== null && !parameters.includes('quic') && port <= wanted && wanted <= lastPort;
