/**
 * Rules across fields: what no single value shows. Each takes what is well formed and tells every violation;
 * keepalived itself accepts most of these silently, or drops half of the configuration with a warning.
 */

import { nearest } from './nearest.ts';
import type { Loose, Parts, Violation, WrittenHost, WrittenVip } from './written.ts';

export function rules(parts: Parts): Violation[] {
  return [hosts, vips, members, routerIds, timing, authentication, documented, sites].flatMap((rule) =>
    rule(parts),
  );
}

/** The address of a host: `address`, Ansible's word for it, or the name itself. */
export const addressOf = (name: string, host: Loose<WrittenHost>): string =>
  host.address ?? host.ansible_host ?? name;

/** keepalived's instance name of the VIP at an index. */
export const vipName = (vip: Loose<WrittenVip>, index: number): string => vip.name ?? `VI_${index + 1}`;

/** What an index of `vips` gives when nothing is written: the last octet, which 0 can not serve as. */
export function routerIdOf(vip: Loose<WrittenVip>): number | undefined {
  if (vip.virtual_router_id !== undefined) return vip.virtual_router_id;
  return vip.address === undefined ? undefined : Number(bare(vip.address).split('.')[3]);
}

const bare = (cidr: string): string => cidr.split('/', 1)[0] ?? cidr;

function hosts(parts: Parts): Violation[] {
  const found: Violation[] = [];
  const seen = new Map<string, string>();
  for (const [name, host] of parts.hosts) {
    const twice = [
      ['address', 'ansible_host', host.address],
      ['ssh.port', 'ansible_port', host.ssh?.port],
      ['ssh.user', 'ansible_user', host.ssh?.user],
    ] as const;
    for (const [own, alias, value] of twice) {
      if (value === undefined || host[alias] === undefined) continue;
      found.push({
        path: ['hosts', name, alias],
        at: 'key',
        message: `${alias} says the same as ${own}`,
        hint: `Keep ${own}.`,
      });
    }
    const address = addressOf(name, host).toLowerCase();
    const other = seen.get(address);
    const key =
      host.address === undefined ? (host.ansible_host === undefined ? undefined : 'ansible_host') : 'address';
    if (other !== undefined) {
      found.push({
        path: key === undefined ? ['hosts', name] : ['hosts', name, key],
        at: key === undefined ? 'key' : 'value',
        message: `${name} has the address of ${other}, ${address}`,
        hint: 'Two hosts need two addresses.',
      });
    } else seen.set(address, name);
  }
  return found;
}

function vips(parts: Parts): Violation[] {
  const found: Violation[] = [];
  const names = new Map<string, number>();
  const addresses = new Map<string, number>();
  const owners = new Map([...parts.hosts].map(([name, host]) => [addressOf(name, host), name]));
  parts.vips.forEach((vip, i) => {
    const name = vipName(vip, i);
    const path = ['vips', i, 'address'];
    if (names.has(name)) {
      found.push({
        path: vip.name === undefined ? ['vips', i] : ['vips', i, 'name'],
        message: `${name} is the name of two VIPs`,
        hint: 'Each VIP is a vrrp_instance of its own name.',
      });
    }
    names.set(name, i);
    if (vip.address === undefined) return;
    const address = bare(vip.address);
    if (addresses.has(address))
      found.push({ path, message: `${address} is a VIP twice`, hint: 'Write it once.' });
    addresses.set(address, i);
    const owner = owners.get(address);
    if (owner !== undefined) {
      found.push({
        path,
        message: `the VIP ${address} is the own address of ${owner}`,
        hint: 'Take a free address of the same network: a VIP moves, an own address stays.',
      });
    }
    const reserved = reservation(vip.address);
    if (reserved !== null) found.push({ path, message: `${vip.address} is ${reserved}: no VIP can have it` });
  });
  return found;
}

/** Why an IPv4 address can't be one host's, null when it can. */
function reservation(cidr: string): string | null {
  const [address = '', prefix] = cidr.split('/');
  const bits = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const first = Math.floor(bits / 2 ** 24);
  if (first === 0) return 'no address of a host';
  if (first === 127) return 'a loopback address';
  if (first >= 224) return 'a multicast or reserved address';
  if (prefix === undefined || Number(prefix) > 30) return null;
  const size = 2 ** (32 - Number(prefix));
  if (bits % size === 0) return 'the address of its network';
  return bits % size === size - 1 ? 'the broadcast address of its network' : null;
}

function members(parts: Parts): Violation[] {
  const found: Violation[] = [];
  parts.vips.forEach((vip, i) => {
    vip.hosts?.forEach((name, j) => {
      const path = ['vips', i, 'hosts', j];
      if (vip.hosts?.indexOf(name) !== j) {
        found.push({
          path,
          message: `${name} is a host of this VIP twice`,
          hint: 'A VIP moves between different hosts.',
        });
      } else if (!parts.hosts.has(name))
        found.push({ path, message: `${name} is not one of the hosts`, hint: unknownHost(name, parts) });
    });
    const own = vip.priorities !== undefined;
    const ladder = vip.priorities ?? parts.vrrp.priorities;
    if (vip.hosts !== undefined && ladder !== undefined && ladder.length < vip.hosts.length) {
      found.push({
        path: own ? ['vips', i, 'priorities'] : ['vips', i, 'hosts'],
        message: `${vipName(vip, i)} has ${vip.hosts.length} hosts and ${ladder.length} priorities`,
        hint: 'Give priorities for each of them, the master first.',
      });
    }
    found.push(...descending(vip.priorities, ['vips', i, 'priorities']));
  });
  found.push(...descending(parts.vrrp.priorities, ['vrrp', 'priorities']));
  return found;
}

function unknownHost(name: string, parts: Parts): string {
  if (name.startsWith('x-')) return 'Keys that begin with x- are ignored: give the host another name.';
  const near = nearest(name, parts.hosts.keys());
  return near === null
    ? `Add it to hosts, or take one of ${[...parts.hosts.keys()].join(', ') || '(none yet)'}.`
    : `Did you mean ${near}?`;
}

function descending(ladder: readonly number[] | undefined, path: readonly (string | number)[]): Violation[] {
  const at = ladder?.findIndex((priority, i) => i > 0 && priority >= (ladder[i - 1] ?? 0)) ?? -1;
  if (at === -1) return [];
  return [
    {
      path: [...path, at],
      message: `priority ${ladder?.[at]} follows ${ladder?.[at - 1]}: each must be lower than the one before`,
      hint: 'With equal priorities the higher address wins, whatever the order of hosts says.',
    },
  ];
}

function routerIds(parts: Parts): Violation[] {
  const found: Violation[] = [];
  const seen = new Map<number, string>();
  parts.vips.forEach((vip, i) => {
    const id = routerIdOf(vip);
    if (id === undefined) return;
    const derived = vip.virtual_router_id === undefined;
    const path = ['vips', i, derived ? 'address' : 'virtual_router_id'];
    const from = derived ? `, the last octet of ${vip.address},` : '';
    const other = seen.get(id);
    if (id === 0) {
      found.push({
        path,
        message: `the last octet of ${vip.address} is 0, which is no VRID`,
        hint: 'Write virtual_router_id, 1 to 255.',
      });
    } else if (other !== undefined) {
      found.push({
        path,
        message: `virtual_router_id ${id}${from} is taken by ${other}`,
        hint: `Write another virtual_router_id for ${vipName(vip, i)}: two VIPs with one VRID fight on a network.`,
      });
    } else seen.set(id, vipName(vip, i));
  });
  return found;
}

function timing({ vips, vrrp }: Parts): Violation[] {
  const found: Violation[] = [];
  const intervals = [
    { path: ['vrrp', 'advert_int'], seconds: vrrp.advert_int },
    ...vips.map((vip, i) => ({ path: ['vips', i, 'advert_int'], seconds: vip.advert_int })),
  ];
  for (const { path, seconds } of intervals) {
    if (seconds === undefined) continue;
    const hundredths = seconds * 100;
    if (vrrp.version === 2 && !Number.isInteger(seconds)) {
      found.push({
        path,
        message: `VRRP version 2 counts whole seconds, not ${seconds}`,
        hint: 'Write whole seconds, or vrrp.version: 3.',
      });
    } else if (
      vrrp.version === 3 &&
      (hundredths > 4095 || Math.abs(hundredths - Math.round(hundredths)) > 1e-6)
    ) {
      found.push({
        path,
        message: `VRRP version 3 counts hundredths of a second up to 40.95, not ${seconds}`,
      });
    }
  }
  const { check } = vrrp;
  if (check !== undefined && check.timeout > check.interval) {
    found.push({
      path: ['vrrp', 'check', 'timeout'],
      message: `a check that may take ${check.timeout} s can not run every ${check.interval} s`,
      hint: 'Write a timeout of at most the interval.',
    });
  }
  return found;
}

function authentication({ vrrp }: Parts): Violation[] {
  if (vrrp.version !== 3 || vrrp.auth_pass === undefined) return [];
  return [
    {
      path: ['vrrp', 'auth_pass'],
      at: 'key',
      message: 'VRRP version 3 has no authentication',
      hint: 'Remove auth_pass, or write vrrp.version: 2.',
    },
  ];
}

/** keepalived sends at most 8 bytes of it; the characters would end the word in keepalived.conf. */
export function authPassProblem(password: string): string | null {
  if (password === '') return 'is empty';
  const bytes = new TextEncoder().encode(password).length;
  if (bytes > 8) return `has ${bytes} bytes; VRRP carries 8, and keepalived would cut it`;
  if (!/^[A-Za-z0-9_.,:;+*/=<>?^&%()[\]|-]+$/.test(password)) {
    return 'has a space, a quote or one of !#$@{}~\\` or a character beyond ASCII, which keepalived.conf can not carry';
  }
  return null;
}

function documented({ vrrp }: Parts): Violation[] {
  if (vrrp.profile !== 'documented') return [];
  const hint = 'Remove it, or write profile: default.';
  const found: Violation[] = [];
  if (vrrp.unicast)
    found.push({ path: ['vrrp', 'unicast'], message: 'the documented profile has no unicast peers', hint });
  if (vrrp.preempt_delay)
    found.push({
      path: ['vrrp', 'preempt_delay'],
      message: 'the documented profile has no preempt_delay',
      hint,
    });
  return found;
}

function sites(parts: Parts): Violation[] {
  const found: Violation[] = [];
  const names = new Set<string>();
  const answers = new Set<string>();
  const movable = new Map(
    parts.vips.flatMap((vip) => (vip.address === undefined ? [] : ([[bare(vip.address), 'a VIP']] as const))),
  );
  const fixed = new Map(
    [...parts.hosts].map(([name, host]) => [addressOf(name, host), `an address of ${name}`]),
  );
  parts.sites.forEach((site, i) => {
    const at = ['nginx', 'sites', i];
    if (names.has(site.name))
      found.push({ path: [...at, 'name'], message: `${site.name} is the name of two sites` });
    names.add(site.name);
    const serving = (['root', 'proxy', 'file'] as const).filter((key) => site[key] !== undefined);
    if (serving.length > 1) {
      found.push({
        path: [...at, serving[1] ?? ''],
        at: 'key',
        message: `a site serves one of ${serving.join(' and ')}`,
        hint: 'Keep one of them.',
      });
    }
    site.listen.forEach((listen, j) => {
      const [place = ''] = String(listen).split(' ');
      const address = place.includes(':') ? place.slice(0, place.lastIndexOf(':')) : '';
      const port = Number(place.slice(place.lastIndexOf(':') + 1));
      const path = [...at, 'listen', j];
      if (port > 65535) found.push({ path, message: `${port} is no port: they end at 65535` });
      const whose = movable.get(address) ?? fixed.get(address);
      if (whose !== undefined) {
        found.push({
          path,
          message: `${address} is ${whose}, and nginx can not start on a host without it`,
          hint: `Write ${port}: it answers on every address of the host, also on a VIP that arrives.`,
        });
      }
      // A file of its own says itself what it answers for.
      for (const server of site.file === undefined ? site.server_names : []) {
        const answer = `${place} ${server}`;
        if (answers.has(answer)) {
          found.push({
            path: at,
            message: `two sites answer for ${server} on ${place}`,
            hint: 'Give one of them other server_names.',
          });
        }
        answers.add(answer);
      }
    });
  });
  return found;
}
