/** A value that does not fit its key → what was probably meant, as it should be written. */

import type { Path } from './violation.ts';

export function meant(path: Path, value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [top, name] = path;
  const key = String(path.at(-1));
  if (top === 'hosts' && path.length === 2) return `Write ${name}: { address: ${value} }.`;
  if (top === 'hosts' && key === 'address') return hostAddress(value);
  if (top === 'vips' && path.length === 2) return `Write { address: ${value}, hosts: [MASTER, BACKUP] }.`;
  if (top === 'vips' && key === 'address') return netmask(value);
  if (key === 'version') {
    const version = /\d+\.\d+\.\d+$/.exec(value)?.[0];
    return version === undefined ? undefined : `Write ${version}.`;
  }
  if ((key === 'prefix' || key === 'root') && value.length > 1 && value.endsWith('/'))
    return 'Write it without the trailing slash.';
  const seconds = /^([\d.]+) ?s(ec(ond)?s?)?$/.exec(value)?.[1];
  return seconds === undefined ? undefined : `Write ${seconds}: the unit is always seconds.`;
}

/** `ssh://user@host:port` in parts. */
function hostAddress(value: string): string | undefined {
  const [, user, address, port] = /^(?:ssh:\/\/)?(?:([\w.-]+)@)?([\w.-]+?)(?::(\d+))?\/?$/.exec(value) ?? [];
  if (address === undefined) return undefined;
  const ssh = [user === undefined ? '' : `user: ${user}`, port === undefined ? '' : `port: ${port}`];
  const settings = ssh.filter((one) => one !== '').join(', ');
  return `Write address: ${address}${settings === '' ? '' : `, ssh: { ${settings} }`}.`;
}

/** `/255.255.255.0` as a length. */
function netmask(value: string): string | undefined {
  const [, address, mask] = /^([\d.]+)[/ ]([\d.]+)$/.exec(value) ?? [];
  const bits = mask
    ?.split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('');
  if (bits === undefined || !/^1+0*$/.test(bits) || bits.length !== 32) return undefined;
  return `Write ${address}/${bits.indexOf('0') === -1 ? 32 : bits.indexOf('0')}.`;
}
