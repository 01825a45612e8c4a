/** VRRP speakers and owners of VIPs that are no members. Pure. */

import type { HostName, Vip } from '../model/domain.ts';
import type { Advert, Claim, HostFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import { holdsAddress } from '../cluster/cluster-state.ts';
import type { Finding } from '../model/plan.ts';
import { type FactsByHost, holders } from '../cluster/cluster-state.ts';

/** Facts of all its members; null: one was not reached or not asked, and what it says cannot be told from others. */
function allOf(vip: Vip, facts: FactsByHost): readonly HostFacts[] | null {
  const found = vip.members.flatMap(({ host }) => facts.get(host) ?? []);
  return found.length === vip.members.length ? found : null;
}

/** Of all hosts that are known: one that was a member until now is no stranger. */
const ownAddresses = (facts: FactsByHost): ReadonlySet<string> =>
  new Set(
    [...facts.values()].flatMap((have) =>
      (have?.interfaces ?? []).flatMap(({ addresses }) => addresses.map((cidr) => cidr.split('/')[0] ?? '')),
    ),
  );

/** By any host that is known. */
export const isHeld = (vip: Vip, facts: FactsByHost): boolean =>
  [...facts.values()].some((have) => have !== null && holdsAddress(have, vip.address.address));

/**
 * Whether its hosts are worth asking what they hear: keepalived complains of adverts, or no member has the VIP though it
 * could be somewhere. `keepalived` names a sender only when it obeys it.
 */
export function isSuspicious(vip: Vip, facts: FactsByHost): boolean {
  const members = allOf(vip, facts);
  if (members === null) return false;
  const own = ownAddresses(facts);
  const strange = (line: string): boolean => {
    if (!line.includes(`(${vip.name})`) && /\(\w+\)/.test(line)) return false;
    const sender = /\bfrom (\S+) with (?:higher|lower) priority/.exec(line)?.[1];
    return sender === undefined || !own.has(sender);
  };
  return !isHeld(vip, facts) || members.some((have) => (have.complaints ?? []).some(strange));
}

/** Adverts for its VRID by who is no member, as any member heard them. */
export function foreignAdverts(vip: Vip, facts: FactsByHost): readonly Advert[] {
  const members = allOf(vip, facts);
  if (members === null) return [];
  const own = ownAddresses(facts);
  const heard = members
    .flatMap((have) => have.wire?.adverts ?? [])
    .filter((advert) => advert.virtualRouterId === vip.virtualRouterId && !own.has(advert.from));
  return [...new Map(heard.map((advert) => [advert.from, advert])).values()];
}

/** Who answers for a VIP that no member has. */
export function claimsOn(vip: Vip, facts: FactsByHost): readonly Claim[] {
  const members = allOf(vip, facts);
  if (members === null || isHeld(vip, facts)) return [];
  const found = members
    .flatMap((have) => have.wire?.claims ?? [])
    .filter(({ address }) => address === vip.address.address);
  return [...new Map(found.map((claim) => [claim.mac, claim])).values()];
}

/** `192.168.160.138 sends adverts with VRID 51 and priority 254 for 192.168.160.161`. */
export function advertText({ from, virtualRouterId, priority, addresses }: Advert): string {
  const vips = addresses.length === 0 ? '' : ` for ${addresses.join(', ')}`;
  return `${from} sends adverts with VRID ${virtualRouterId} and priority ${priority}${vips}`;
}

export const claimText = (vip: Vip, { mac, interface: name }: Claim): string =>
  `${mac} on ${name} answers for ${vip.address.address}`;

/**
 * Throws ADDRESS_IN_USE for VIPs that are new to all their members and that another machine answers for.
 * `entry`: where keepalived's configuration is; a VIP that is in it has been brought there before.
 */
export function refuseTaken(vips: readonly Vip[], facts: FactsByHost, entry: string): void {
  const taken = vips
    .filter((vip) => isNew(vip, facts, entry))
    .flatMap((vip) => claimsOn(vip, facts).map((claim) => claimText(vip, claim)));
  if (taken.length === 0) return;
  throw new HaupError(
    'ADDRESS_IN_USE',
    taken.length === 1
      ? 'A virtual IP that no host has yet is in use by another machine.'
      : 'Virtual IPs that no host has yet are in use by other machines.',
    {
      detail: taken,
      hint: 'Nothing was changed. Find that machine (a switch or ip neigh shows where the hardware address is) and take the address off it, or choose another VIP.',
    },
  );
}

function isNew(vip: Vip, facts: FactsByHost, entry: string): boolean {
  return vip.members.every(({ host }) => {
    const file = facts.get(host)?.files[entry];
    return file?.state !== 'present' || !(file.text ?? '').split(/[\s/]+/).includes(vip.address.address);
  });
}

/** What strangers on the segment do to a VIP. */
export function judgeWire(vip: Vip, facts: FactsByHost): readonly Finding[] {
  const strangers = foreignAdverts(vip, facts);
  const level = holders(vip, facts).length === 1 ? 'warn' : 'fail';
  const address = vip.address.address;
  const free = `Another VRRP router is on this segment: give one of them another virtual_router_id (and other VIPs), or take it off.`;
  return [
    ...strangers.map(
      (advert): Finding => ({
        check: 'foreign-vrrp',
        level,
        vip: address,
        message: `${advertText(advert)}, and is no member`,
        hint: free,
      }),
    ),
    ...claimsOn(vip, facts).map(
      (claim): Finding => ({
        check: 'address-in-use',
        level: 'fail',
        vip: address,
        message: `no member holds it, and ${claim.mac} on ${claim.interface} answers for it`,
        hint: 'Find that machine (its hardware address is in the switch and in its own ip link), and take the address off it.',
      }),
    ),
    ...(strangers.length > 0 ? [] : unheard(vip, facts)),
  ];
}

/** Hosts that complain and cannot listen: their own words are all there is. */
function unheard(vip: Vip, facts: FactsByHost): readonly Finding[] {
  const named: { host: HostName; line: string }[] = vip.members.flatMap(({ host }) => {
    const have = facts.get(host);
    if (have?.wire?.deaf !== true) return [];
    const line = have.complaints?.findLast((one) => one.includes(`(${vip.name})`));
    return line === undefined ? [] : [{ host, line }];
  });
  return named.map(({ host, line }) => ({
    check: 'foreign-vrrp',
    level: 'warn',
    vip: vip.address.address,
    host,
    message: `keepalived on ${host} refuses adverts with its VRID: ${line}`,
    hint: 'A member with other settings, or another VRRP router: tcpdump -ni any proto 112 names it.',
  }));
}
