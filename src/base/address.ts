/** Arithmetic on IPv4 addresses, as text with or without a prefix length. VIPs are IPv4. */

/** Does `network`, an address with its prefix (`192.168.160.136/24`), hold `address`? False for other families. */
export function holds(network: string, address: string): boolean {
  const from = ipv4Number(network);
  const wanted = ipv4Number(address);
  if (from === null || wanted === null) return false;
  const size = 2 ** (32 - Number(network.split('/')[1] ?? 32));
  return Math.floor(from / size) === Math.floor(wanted / size);
}

export const isIpv4 = (text: string): boolean => ipv4Number(text) !== null;

export const bare = (address: string): string => address.replace(/\/.*$/, '');

/** The address as a number, without its prefix; null for other families. */
export function ipv4Number(text: string): number | null {
  const parts = bare(text).split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255))
    return null;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}
