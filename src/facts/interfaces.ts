/** Interfaces and their addresses: by `ip`, or out of /proc and /sys on a host that has none yet. */

import type { InterfaceFacts } from '../model/facts.ts';

/** sh; a host without `ip` is told by the record `bare`. */
export const interfacesScript: string = `if command -v ip >/dev/null; then
  ip -o link show | while read -r index name rest; do printf 'link\\t%s\\t%s\\n' "$name" "$rest"; done
  ip -o addr show | while read -r index name family address rest; do printf 'address\\t%s\\t%s\\n' "$name" "$address"; done
else
  for d in /sys/class/net/*/; do
    d=\${d%/}; carrier=0; read -r carrier 2>/dev/null < "$d/carrier"
    printf 'bare\\t%s\\t%s\\n' "\${d##*/}" "$carrier"
  done
  while read -r name to gateway flags used uses metric mask rest; do printf 'route\\t%s\\t%s\\t%s\\t%s\\n' "$name" "$to" "$gateway" "$mask"; done < /proc/net/route
  while read -r mark address kind rest; do
    case "$mark $address $kind" in
      '|-- '*) last=$address ;;
      '/32 host LOCAL') printf 'local\\t%s\\n' "$last" ;;
    esac
  done < /proc/net/fib_trie
fi
`;

/** `all`: the records of a kind, without its name. */
export function parseInterfaces(all: (kind: string) => readonly string[][]): readonly InterfaceFacts[] {
  const bare = all('bare');
  return bare.length > 0 ? ofKernel(bare, all('route'), all('local')) : ofIp(all('link'), all('address'));
}

function ofIp(links: readonly string[][], addresses: readonly string[][]): readonly InterfaceFacts[] {
  return links.map(([raw = '', flags = '']) => {
    // `ens33@if7:` is how ip names a veth or VLAN and its peer.
    const name = raw.replace(/(@.*)?:$/, '');
    return {
      name,
      up: /<[^>]*\bLOWER_UP\b[^>]*>/.test(flags),
      addresses: addresses.flatMap(([device = '', address = '']) => (device === name ? [address] : [])),
    };
  });
}

/**
 * The kernel's own words tell of an address whether it is the host's, and not on which interface: it is the one
 * whose network reaches it without a gateway. IPv4 alone, which is what haup manages.
 */
function ofKernel(
  devices: readonly string[][],
  routes: readonly string[][],
  locals: readonly string[][],
): readonly InterfaceFacts[] {
  const networks = routes
    .filter(([, , gateway]) => gateway === '00000000')
    .map(([name = '', to = '', , mask = '']) => ({ name, to: numberOf(to), mask: numberOf(mask) }))
    .filter(({ mask }) => mask !== 0)
    .toSorted((a, b) => b.mask - a.mask);
  const placed = [...new Set(locals.map(([address = '']) => address))].map((address) => {
    const bits = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
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

/** As /proc/net/route has it: hexadecimal, the bytes in the order of a little-endian machine. */
const numberOf = (hex: string): number => Number.parseInt(hex.match(/../g)?.toReversed().join('') ?? '0', 16);
