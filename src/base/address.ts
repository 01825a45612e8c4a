/** Arithmetic on IP addresses of both families, as text with or without a prefix length. */

export interface IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
  /** All bits where the text has none. */
  readonly prefix: number;
}

const width = { 4: 32, 6: 128 } as const;

/** Null: it is no address. */
export function parseAddress(text: string): IpAddress | null {
  const [address = '', prefix] = text.split('/');
  const family = familyOf(address);
  if (family === null) return null;
  const length = prefix === undefined ? width[family] : Number(prefix);
  if (!(length >= 0 && length <= width[family])) return null;
  return { family, bits: family === 4 ? bitsOf4(address) : bitsOf6(address), prefix: length };
}

/** That of an address without a zone. What Node has for it comes with all of its network code. */
function familyOf(text: string): 4 | 6 | null {
  if (ip4.test(text)) return 4;
  const plain = text.replace(/(?<=:)[\d.]+$/, (tail) => (ip4.test(tail) ? '0:0' : tail));
  const [head = '', tail, ...more] = plain.split('::');
  const halves = [head, tail ?? ''].map((half) => (half === '' ? [] : half.split(':')));
  if (more.length > 0 || !halves.flat().every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return null;
  const count = halves.flat().length;
  return (tail === undefined ? count === 8 : count < 8) ? 6 : null;
}

const ip4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

const bitsOf4 = (address: string): bigint =>
  address.split('.').reduce((sum, octet) => (sum << 8n) + BigInt(octet), 0n);

function bitsOf6(address: string): bigint {
  const [head = [], tail] = address
    .split('::')
    .map((half) => half.split(':').filter(Boolean).flatMap(groups));
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - head.length - tail.length }, () => 0n);
  return [...head, ...zeros, ...(tail ?? [])].reduce((sum, group) => (sum << 16n) + group, 0n);
}

/** `c0a8`, or the last two of `::ffff:192.168.0.1` */
function groups(text: string): readonly bigint[] {
  if (!text.includes('.')) return [BigInt(`0x${text}`)];
  const bits = bitsOf4(text);
  return [bits >> 16n, bits & 0xffffn];
}

/** The bits of an address that its network leaves to hosts, and how many there are. */
export function hostPart({ family, bits, prefix }: IpAddress): {
  readonly bits: bigint;
  readonly length: number;
} {
  const length = width[family] - prefix;
  return { bits: bits & ((1n << BigInt(length)) - 1n), length };
}

/** Does `network`, an address with its prefix (`192.168.160.136/24`), hold `address`? Families do not hold each other. */
export function holds(network: string, address: string): boolean {
  const [of, wanted] = [parseAddress(network), parseAddress(address)];
  if (of === null || wanted?.family !== of.family) return false;
  const { length } = hostPart(of);
  return of.bits >> BigInt(length) === wanted.bits >> BigInt(length);
}

export const isIpv4 = (text: string): boolean => parseAddress(text)?.family === 4;

/** An address without its prefix length. */
export const bare = (address: string): string => address.replace(/\/.*$/, '');
