/** The VRRP instances of one host: who is preferred, on which interface, and who the peers are. */

import type { HostName, HostSpec, Member, Vip } from '../model/domain.ts';
import type { HostFacts, InterfaceFacts } from '../model/facts.ts';
import { HaupError } from '../model/errors.ts';
import { bare, holds, isIpv4 } from '../base/address.ts';
import type { IndexedInventory } from './inventory-index.ts';

export interface Instance {
  readonly name: string;
  readonly state: 'MASTER' | 'BACKUP';
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  /** Seconds. */
  readonly advertInt: number;
  readonly version: 2 | 3;
  /** In clear. Null: none, or VRRP version 3, which has no authentication. */
  readonly authPass: string | null;
  /** As keepalived reads it: an address without a prefix is /32. */
  readonly address: string;
  /** Null: multicast. */
  readonly unicast: { readonly source: string; readonly peers: readonly string[] } | null;
}

/** Throws INTERFACE_MISSING. */
export function instances(
  inventory: IndexedInventory,
  host: HostSpec,
  facts: ReadonlyMap<HostName, HostFacts>,
): readonly Instance[] {
  return inventory.hostVips(host.name).flatMap((vip) => {
    const member = vip.members.find((one) => one.host === host.name);
    return member === undefined ? [] : [instance(inventory, vip, host, member, facts)];
  });
}

function instance(
  inventory: IndexedInventory,
  vip: Vip,
  host: HostSpec,
  member: Member,
  facts: ReadonlyMap<HostName, HostFacts>,
): Instance {
  const { version, profile, authPass, unicast } = inventory.vrrp;
  const peers = vip.members.filter((one) => one.host !== host.name);
  return {
    name: vip.name,
    // keepalived starts as BACKUP whatever is written here, and clears preempt_delay for a MASTER.
    state: profile === 'documented' && vip.members[0].host === host.name ? 'MASTER' : 'BACKUP',
    interface: memberInterface(vip, host, facts.get(host.name)),
    virtualRouterId: vip.virtualRouterId,
    priority: member.priority,
    advertInt: vip.advertInt,
    version,
    authPass: version === 2 ? (authPass?.reveal() ?? null) : null,
    address:
      vip.address.prefix === null ? vip.address.address : `${vip.address.address}/${vip.address.prefix}`,
    unicast: unicast
      ? {
          source: memberAddress(inventory, vip, host.name, facts),
          peers: peers.map((peer) => memberAddress(inventory, vip, peer.host, facts)),
        }
      : null,
  };
}

/** The interface of `host` that carries `vip`: the one it names, else the one whose subnet holds the VIP. */
export function memberInterface(vip: Vip, host: HostSpec, facts: HostFacts | undefined): string {
  const { name } = host;
  const named = vip.members.find((one) => one.host === name)?.interface ?? host.interface;
  const known = facts?.interfaces;
  if (known === undefined) {
    if (named !== null) return named;
    throw new HaupError(
      'INTERFACE_MISSING',
      `Its interfaces are not known, and the inventory names none for ${vip.address.address}.`,
      { host: name, hint: `Write \`interface:\` under hosts.${name}.` },
    );
  }
  const seen = (): string =>
    known
      .filter((one) => one.name !== 'lo')
      .map(describe)
      .join('; ') || 'none';
  if (named !== null) {
    if (known.some((one) => one.name === named)) return named;
    throw new HaupError('INTERFACE_MISSING', `There is no interface ${named}.`, {
      host: name,
      hint: `Correct hosts.${name}.interface. This host has: ${seen()}.`,
    });
  }
  const fitting = known.filter((one) => one.addresses.some((network) => bears(network, vip)));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only.name;
  throw new HaupError(
    'INTERFACE_MISSING',
    only === undefined
      ? `No interface has an address in the subnet of ${vip.address.address}.`
      : `Several interfaces have an address in the subnet of ${vip.address.address}: ${fitting.map((one) => one.name).join(', ')}.`,
    { host: name, hint: `Write \`interface:\` under hosts.${name}. This host has: ${seen()}.` },
  );
}

/** The host's own address on the VIP's interface: where its unicast adverts come from and go to. */
function memberAddress(
  inventory: IndexedInventory,
  vip: Vip,
  host: HostName,
  facts: ReadonlyMap<HostName, HostFacts>,
): string {
  const { address } = inventory.hostNamed(host);
  const own = ownAddresses(inventory, vip, host, facts);
  return own.find((one) => one === address) ?? own[0];
}

/** The addresses that the host's adverts may come from: with multicast, keepalived takes what the kernel has first. */
export function memberAddresses(
  inventory: IndexedInventory,
  vip: Vip,
  host: HostName,
  facts: ReadonlyMap<HostName, HostFacts>,
): readonly string[] {
  return inventory.vrrp.unicast
    ? [memberAddress(inventory, vip, host, facts)]
    : ownAddresses(inventory, vip, host, facts);
}

/** The IPv4 addresses of the VIP's interface that are no VIPs. */
function ownAddresses(
  inventory: IndexedInventory,
  vip: Vip,
  host: HostName,
  facts: ReadonlyMap<HostName, HostFacts>,
): readonly [string, ...string[]] {
  const known = facts.get(host);
  const spec = inventory.hostNamed(host);
  if (known === undefined) {
    if (isIpv4(spec.address)) return [spec.address];
    throw new HaupError(
      'INTERFACE_MISSING',
      `The peers of ${vip.address.address} need the address of ${host}, which was not reached.`,
      { host, hint: `Write its IPv4 address as hosts.${host}.address, or run without --limit.` },
    );
  }
  const name = memberInterface(vip, spec, known);
  const [first, ...others] = known.interfaces
    .filter((one) => one.name === name)
    .flatMap((one) => one.addresses.map(bare))
    .filter((one) => isIpv4(one) && !inventory.isVip(one));
  if (first !== undefined) return [first, ...others];
  throw new HaupError(
    'INTERFACE_MISSING',
    `${name} has no IPv4 address but VIPs, and its adverts need one to come from.`,
    { host, hint: `Give ${name} an IPv4 address that is no VIP.` },
  );
}

const bears = (network: string, vip: Vip): boolean =>
  // A holder also has the VIP itself, which says nothing about where it belongs.
  bare(network) !== vip.address.address && holds(network, vip.address.address);

const describe = (one: InterfaceFacts): string =>
  one.addresses.length === 0 ? one.name : `${one.name} (${one.addresses.join(', ')})`;
