/** Rules for nginx sites, as the inventory writes them. */

import { bare } from '../base/address.ts';
import { addressOf } from './derive.ts';
import type { WrittenSite } from './schema.ts';
import type { Loose, Parts } from './parts.ts';
import type { Path, Violation } from './violation.ts';

export function siteRules(parts: Parts): Violation[] {
  return [...names(parts), ...answers(parts), ...places(parts)];
}

function names({ sites }: Parts): Violation[] {
  const found: Violation[] = [];
  const seen = new Set<string>();
  sites.forEach((site, i) => {
    const path = ['nginx', 'sites', i];
    if (site.name !== undefined && seen.has(site.name)) {
      const hint = 'Each site becomes a file with its name.';
      found.push({ path: [...path, 'name'], message: `${site.name} is the name of two sites`, hint });
    }
    if (site.name !== undefined) seen.add(site.name);
    const [first, second] = (['root', 'proxy', 'stream', 'file'] as const).filter(
      (key) => site[key] !== undefined,
    );
    if (second !== undefined) {
      const message = `a site serves ${first} or ${second}, not both`;
      found.push({
        path: [...path, second],
        at: 'key',
        message,
        hint: 'Keep one, or make two sites.',
      });
    }
  });
  return found;
}

/** nginx refuses two default servers on one port, and silently picks the first of two equal names. */
function answers({ sites }: Parts): Violation[] {
  const found: Violation[] = [];
  const seen = new Set<string>();
  sites.forEach((site, i) => {
    // A TCP connection asks for no name.
    if (site.stream !== undefined) return;
    for (const [j, listen] of listens(site)) {
      const claims = (site.server_names ?? []).map((server) => `for ${server} on ${listen.place}`);
      if (listen.isDefault) claims.push(`by default on ${listen.place}`);
      for (const claim of claims) {
        if (seen.has(claim)) {
          const path: Path =
            site.listen === undefined ? ['nginx', 'sites', i] : ['nginx', 'sites', i, 'listen', j];
          found.push({
            path,
            message: `two sites answer ${claim}`,
            hint: 'nginx would use only one of them.',
          });
        }
        seen.add(claim);
      }
    }
  });
  return found;
}

/** A site is the same on all hosts, so it cannot be bound to an address that only one host has. */
function places(parts: Parts): Violation[] {
  const found: Violation[] = [];
  const owners = new Map<string, string>();
  for (const [name, host] of parts.hosts ?? []) owners.set(addressOf(name, host), `the address of ${name}`);
  for (const { address } of parts.vips) if (address !== undefined) owners.set(bare(address), 'a VIP');
  parts.sites.forEach((site, i) => {
    for (const [j, { place, address, port, tls }] of listens(site)) {
      const path = ['nginx', 'sites', i, 'listen', j];
      if (port > 65535) found.push({ path, message: `${place}: the highest port is 65535` });
      if (tls) {
        const hint =
          'Write the site as an nginx configuration and name it as file; with file, listen: ["443 ssl"] tells haup the port.';
        found.push({ path, message: 'ssl needs a certificate, which only a site with file can have', hint });
      }
      const owner = owners.get(address);
      if (owner === undefined) continue;
      found.push({
        path,
        message: `${address} is ${owner}: nginx would not start on a host without it`,
        hint: `Write ${port}: it answers on every address of a host, including a VIP that moves there.`,
      });
    }
  });
  return found;
}

interface Listen {
  readonly place: string;
  /** Empty: every address. */
  readonly address: string;
  readonly port: number;
  readonly isDefault: boolean;
  readonly tls: boolean;
}

/** A site with a file says there where it listens. */
function listens(site: Loose<WrittenSite>): [number, Listen][] {
  if (site.file !== undefined) return [];
  return (site.listen ?? []).map((listen, j) => {
    const [place = '', ...words] = String(listen).split(' ');
    const colon = place.lastIndexOf(':');
    const address = place.slice(0, Math.max(colon, 0));
    const port = Number(place.slice(colon + 1));
    return [
      j,
      { place, address, port, isDefault: words.includes('default_server'), tls: words.includes('ssl') },
    ];
  });
}
