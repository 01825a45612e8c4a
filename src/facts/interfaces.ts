/** Interfaces and their addresses: from `ip`, or from /proc and /sys on a host that has no `ip` yet. */

import type { InterfaceFacts } from '../model/facts.ts';
import { parseAddress } from '../base/address.ts';
import type { Answer, Records } from './read-answer.ts';

/** `bare`: records of a host that has no `ip`. */
export function parseInterfaces({ all, output }: Pick<Answer, 'all' | 'output'>): readonly InterfaceFacts[] {
  const bare = all('bare');
  return bare.length > 0 ? ofKernel(bare, all('route'), all('local')) : ofIp(output('ip'));
}

/** What `ip addr show` prints: a line of each interface, then its addresses, indented. */
function ofIp(lines: readonly string[]): readonly InterfaceFacts[] {
  const found: { name: string; up: boolean; addresses: string[] }[] = [];
  for (const line of lines) {
    // `ens33@if7:` is how ip names a veth or VLAN and its peer.
    const [, name, flags] = /^\d+: ([^:@ ]+)(?:@[^ ]*)?: <([^>]*)>/.exec(line) ?? [];
    if (name !== undefined) found.push({ name, up: /\bLOWER_UP\b/.test(flags ?? ''), addresses: [] });
    const [, address] = /^ +inet6? (\S+)/.exec(line) ?? [];
    if (address !== undefined) found.at(-1)?.addresses.push(address);
  }
  return found;
}

/**
 * /proc says which addresses are the host's, but not on which interface: it is the one whose network reaches the address
 * without a gateway. IPv4 alone, which is what haup manages.
 */
function ofKernel(devices: Records, routes: Records, locals: Records): readonly InterfaceFacts[] {
  const networks = routes
    .filter(([, , gateway]) => gateway === '00000000')
    .map(([name = '', to = '', , mask = '']) => ({ name, to: numberOf(to), mask: numberOf(mask) }))
    .filter(({ mask }) => mask !== 0)
    .toSorted((a, b) => b.mask - a.mask);
  const placed = [...new Set(locals.map(([address = '']) => address))].map((address) => {
    const bits = Number(parseAddress(address)?.bits ?? 0);
    if (address.startsWith('127.')) return { name: 'lo', address: `${address}/8` };
    const network = networks.find(({ to, mask }) => (bits & mask) >>> 0 === to);
    return network === undefined
      ? null
      : { name: network.name, address: `${address}/${network.mask.toString(2).replaceAll('0', '').length}` };
  });
  return devices.map(([name = '', carrier]) => ({
    name,
    up: carrier === '1',
    addresses: placed.flatMap((one) => (one?.name === name ? [one.address] : [])),
  }));
}

/** /proc/net/route has hexadecimal, the bytes in the order of a little-endian machine. */
const numberOf = (hex: string): number => Number.parseInt(hex.match(/../g)?.toReversed().join('') ?? '0', 16);
