/** Rules for VIPs: addresses, names, members and their priorities, VRIDs. */

import { bare, hostPart, parseAddress } from '../base/address.ts';
import { addressOf, routerIdOf, vipName } from './derive.ts';
import { nearest } from './nearest.ts';
import { drainedBy } from '../model/layout.ts';
import type { Parts } from './parts.ts';
import type { Path, Violation } from './violation.ts';

export function vipRules(parts: Parts): Violation[] {
  return [...addresses(parts), ...members(parts), ...routerIds(parts)];
}

function addresses(parts: Parts): Violation[] {
  const found: Violation[] = [];
  const names = new Map<string, number>();
  const taken = new Map<string, number>();
  const owners = new Map([...(parts.hosts ?? [])].map(([name, host]) => [addressOf(name, host), name]));
  parts.vips.forEach((vip, i) => {
    const name = vipName(vip, i);
    const path = ['vips', i, 'address'];
    if (names.has(name)) {
      found.push({
        path: vip.name === undefined ? ['vips', i] : ['vips', i, 'name'],
        message: `two VIPs are named ${name}`,
        hint: 'Each VIP is a vrrp_instance and needs its own name.',
      });
    }
    names.set(name, i);
    if (vip.address === undefined) return;
    const address = bare(vip.address);
    if (taken.has(address))
      found.push({ path, message: `${address} is already a VIP`, hint: 'List it once.' });
    taken.set(address, i);
    const owner = owners.get(address);
    if (owner !== undefined) {
      found.push({
        path,
        message: `the VIP ${address} is the address of the host ${owner}`,
        hint: 'Use a free address of the same network: a VIP moves, a host address stays.',
      });
    }
    const reserved = reservation(vip.address);
    if (reserved !== null) found.push({ path, message: `${vip.address} cannot be a VIP: it is ${reserved}` });
  });
  return found;
}

/** Why no host can have an IPv4 address; null when one can. */
function reservation(cidr: string): string | null {
  const parsed = parseAddress(cidr);
  if (parsed?.family !== 4) return null;
  const first = Number(parsed.bits >> 24n);
  if (first === 0) return 'not a host address';
  if (first === 127) return 'a loopback address';
  if (first >= 224) return 'a multicast or reserved address';
  const { bits, length } = hostPart(parsed);
  if (length < 2) return null;
  if (bits === 0n) return 'the address of its network';
  return bits === (1n << BigInt(length)) - 1n ? 'the broadcast address of its network' : null;
}

function members(parts: Parts): Violation[] {
  const found: Violation[] = [];
  parts.vips.forEach((vip, i) => {
    vip.hosts?.forEach((name, j) => {
      const path = ['vips', i, 'hosts', j];
      if (vip.hosts?.indexOf(name) !== j) {
        found.push({
          path,
          message: `${name} appears twice in the hosts of this VIP`,
          hint: 'List each host once.',
        });
      } else if (parts.hosts?.has(name) === false)
        found.push({
          path,
          message: `${name} is not one of the hosts`,
          hint: unknownHost(name, parts.hosts),
        });
    });
    const own = vip.priorities !== undefined;
    const ladder = vip.priorities ?? parts.vrrp.priorities;
    if (vip.hosts !== undefined && ladder !== undefined && ladder.length < vip.hosts.length) {
      found.push({
        path: own ? ['vips', i, 'priorities'] : ['vips', i, 'hosts'],
        message: `${vipName(vip, i)} has ${vip.hosts.length} hosts and ${ladder.length} priorities`,
        hint: 'Give one priority per host, the master first.',
      });
    }
    const used = vip.hosts === undefined ? ladder : ladder?.slice(0, vip.hosts.length);
    if (used !== undefined && parts.vrrp.profile !== 'documented')
      found.push(...drained(used, own ? ['vips', i, 'priorities'] : ['vrrp', 'priorities']));
    found.push(...descending(vip.priorities, ['vips', i, 'priorities']));
  });
  found.push(...descending(parts.vrrp.priorities, ['vrrp', 'priorities']));
  return found.filter(
    ({ path, message }, at) =>
      found.findIndex((one) => one.message === message && one.path.join('.') === path.join('.')) === at,
  );
}

/** A drained host keeps a priority of at least 1, and gives its VIPs to hosts with a higher one. */
function drained(ladder: readonly number[], path: Path): Violation[] {
  const [first = 0] = ladder;
  const left = Math.max(1, first + drainedBy.change);
  const at = ladder.findIndex((priority, i) => i > 0 && priority <= left);
  if (at === -1) return [];
  return [
    {
      path: [...path, at],
      message: `a backup with priority ${ladder[at]} cannot take over from a drained master, which has ${left}`,
      hint: `Write ${left + 1} or more.`,
    },
  ];
}

function unknownHost(name: string, hosts: ReadonlyMap<string, unknown>): string {
  if (name.startsWith('x-')) return 'Names that begin with x- are ignored: rename the host.';
  const near = nearest(name, hosts.keys());
  return near === null
    ? `Add it to hosts, or use one of ${[...hosts.keys()].join(', ') || '(none yet)'}.`
    : `Did you mean ${near}?`;
}

function descending(ladder: readonly number[] | undefined, path: Path): Violation[] {
  const at = ladder?.findIndex((priority, i) => i > 0 && priority >= (ladder[i - 1] ?? 0)) ?? -1;
  if (at === -1) return [];
  return [
    {
      path: [...path, at],
      message: `priority ${ladder?.[at]} follows ${ladder?.[at - 1]}: each must be lower than the one before`,
      hint: 'With equal priorities the higher address wins, not the first host.',
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
        message: `the last octet of ${vip.address} is 0, which is not a valid VRID`,
        hint: 'Set virtual_router_id, from 1 to 255.',
      });
    } else if (other !== undefined) {
      found.push({
        path,
        message: `virtual_router_id ${id}${from} is already used by ${other}`,
        hint: `Set another virtual_router_id for ${vipName(vip, i)}: VIPs that share a VRID disturb each other.`,
      });
    } else seen.set(id, vipName(vip, i));
  });
  return found;
}
