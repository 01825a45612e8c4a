import { memberInterface } from '../desired/vrrp-instances.ts';
import { parseWire, type WireRequest, wireScript } from '../facts/wire-script.ts';
import type { FactsByHost } from '../cluster/cluster-state.ts';
import { isHeld, isSuspicious } from '../check/wire.ts';
import type { HostName, Inventory, Vip } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';

/** No sender worth waiting for is silent for longer. */
const longestSeconds = 10;

/**
 * The facts, and where they give a reason to listen, what the members hear on their segments: one more round trip, of
 * a few seconds. Without a reason there is no such round trip.
 */
export async function lookAtWire<Facts extends HostFacts | null>(
  inventory: Inventory,
  hosts: ReadonlyMap<HostName, Host>,
  facts: ReadonlyMap<HostName, Facts>,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, Facts>> {
  const suspicious = inventory.vips.filter((vip) => isSuspicious(vip, facts));
  if (suspicious.length === 0) return facts;
  return new Map(
    await Promise.all(
      [...facts].map(async ([name, have]): Promise<readonly [HostName, Facts]> => {
        const host = hosts.get(name);
        const request = requestOf(inventory, suspicious, name, facts);
        if (host === undefined || have === null || request === null) return [name, have];
        return [name, { ...have, wire: parseWire(name, await host.read(wireScript(request), signal)) }];
      }),
    ),
  );
}

/** Null: the host is a member of none of the VIPs. For each VIP without a holder one host asks; all listen. */
function requestOf(
  inventory: Inventory,
  vips: readonly Vip[],
  name: HostName,
  facts: FactsByHost,
): WireRequest | null {
  const known = new Map([...facts].flatMap(([host, have]) => (have === null ? [] : [[host, have] as const])));
  const own = vips.filter((vip) => vip.members.some(({ host }) => host === name));
  if (own.length === 0) return null;
  const links = own.flatMap((vip) => {
    const link = linkOf(inventory, vip, name, known);
    return link === null ? [] : [{ vip, interface: link }];
  });
  if (links.length === 0) return null;
  return {
    ask: links
      .filter(({ vip }) => vip.members[0].host === name && !isHeld(vip, facts))
      .map(({ vip, interface: link }) => ({ address: vip.address.address, interface: link })),
    hear: [...new Set(links.map((link) => link.interface))],
    // A speaker that takes itself for the master advertises within this time, at our interval.
    seconds: Math.min(
      longestSeconds,
      Math.max(3, ...own.map(({ advertInt }) => Math.ceil(3 * advertInt) + 1)),
    ),
  };
}

/** Null: it has no interface for the VIP, which a plan reports. */
function linkOf(
  inventory: Inventory,
  vip: Vip,
  name: HostName,
  facts: ReadonlyMap<HostName, HostFacts>,
): string | null {
  try {
    const host = inventory.hosts.find((one) => one.name === name);
    return host === undefined ? null : memberInterface(vip, host, facts.get(name));
  } catch (error) {
    if (error instanceof HaupError) return null;
    throw error;
  }
}
