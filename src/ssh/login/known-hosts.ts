/** known_hosts files: the keys that they have for a host. */

import { createHash, createHmac } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { sayOfOthers } from '../../base/own-file.ts';
import { HaupError } from '../../model/errors.ts';

/** One line of a known_hosts file. */
export interface KnownKey {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  /** The first field: patterns separated by commas, or one hashed name. */
  readonly names: string;
  readonly type: string;
  readonly blob: Buffer;
}

/** How to judge the key that a host presents. */
export interface HostKeyPolicy {
  /** For messages: the host as the inventory calls it, and who is connected to: that host or a jump host. */
  readonly host: string;
  readonly label: string;
  /** The host's name in known_hosts files: see `knownHostsName`. */
  readonly name: string;
  /** Refuse hosts that are not known yet. */
  readonly strict: boolean;
  /** `SHA256:…` of the inventory; wins over files. */
  readonly pin: string | null;
  /** New keys are saved in the first one. */
  readonly userFiles: readonly string[];
  readonly globalFiles: readonly string[];
  readonly hashNames: boolean;
}

/** A host's name as known_hosts writes it; a HostKeyAlias has no port. */
export function knownHostsName(host: string, port: number, alias: string | null): string {
  const name = (alias ?? host).toLowerCase();
  return alias === null && port !== 22 ? `[${name}]:${port}` : name;
}

/** `SHA256:…` as ssh-keygen -l prints it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The type at the start of a public key in wire format: `ssh-ed25519`. */
export function keyType(blob: Buffer): string {
  return blob.length < 4
    ? ''
    : blob.toString('latin1', 4, 4 + Math.min(blob.readUInt32BE(0), blob.length - 4));
}

/** Skips lines that it does not understand, as ssh does. Pure. */
export function parseKnownHosts(text: string, file: string): KnownKey[] {
  return text.split('\n').flatMap((line, index) => {
    const match = /^\s*(?:@(\S+)\s+)?([^\s#]\S*)\s+(\S+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line);
    if (match === null) return [];
    const [, marker = 'none', names = '', type = '', base64 = ''] = match;
    const blob = Buffer.from(base64, 'base64');
    if (marker !== 'none' && marker !== 'revoked' && marker !== 'cert-authority') return [];
    return keyType(blob) === type ? [{ file, line: index + 1, marker, names, type, blob }] : [];
  });
}

/** Whether the first field of a line matches a name: plain, hashed, with wildcards, or negated with `!`. */
export function namesMatch(names: string, name: string): boolean {
  if (names.startsWith('|')) {
    const [, version, salt = '', hash = ''] = names.split('|');
    return version === '1' && hashName(name, Buffer.from(salt, 'base64')) === hash;
  }
  const patterns = names.toLowerCase().split(',');
  if (patterns.some((pattern) => pattern.startsWith('!') && wildcard(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => wildcard(pattern, name));
}

function wildcard(pattern: string, name: string): boolean {
  const source = pattern.replace(/[^*?]/g, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'us').test(name);
}

export function hashName(name: string, salt: Buffer): string {
  return createHmac('sha1', salt).update(name).digest('base64');
}

/** What known_hosts files say about one host. */
export interface Known {
  readonly keys: readonly KnownKey[];
  readonly revoked: readonly KnownKey[];
  readonly authorities: readonly KnownKey[];
}

/**
 * Reads the files; a missing file counts as empty.
 * @throws HaupError HOST_KEY_UNKNOWN when a file cannot be read: it might revoke or contradict the key.
 */
export function lookUp(policy: HostKeyPolicy): Known {
  const lines = [...policy.userFiles, ...policy.globalFiles]
    .flatMap((file) => parseKnownHosts(read(file, policy), file))
    .filter((known) => namesMatch(known.names, policy.name));
  return {
    keys: lines.filter((known) => known.marker === 'none'),
    revoked: lines.filter((known) => known.marker === 'revoked'),
    authorities: lines.filter((known) => known.marker === 'cert-authority'),
  };
}

function read(file: string, policy: HostKeyPolicy): string {
  try {
    const fd = openSync(file, 'r');
    try {
      const facts = fstatSync(fd);
      // Not of /dev/null, which everyone may write.
      const why = facts.isFile() ? sayOfOthers(facts, process.geteuid?.() ?? 0) : null;
      if (why === null) return readFileSync(fd, 'utf8');
      throw new HaupError(
        'HOST_KEY_UNKNOWN',
        `${file} ${why}, so the host key of ${policy.label} cannot be checked against it.`,
        {
          host: policy.host,
          hint: `Find out who could, then: chmod go-w '${file}'. Or pin the key with ssh.host_key in the inventory.`,
        },
      );
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    if (cause instanceof HaupError) throw cause;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw new HaupError(
      'HOST_KEY_UNKNOWN',
      `${file} cannot be read, so the host key of ${policy.label} cannot be checked.`,
      {
        host: policy.host,
        hint: `Make ${file} readable, or pin the key with ssh.host_key in the inventory.`,
        cause,
      },
    );
  }
}

/** Key types to negotiate first, so that a host presents a key that is known. */
export function knownTypes(known: Known): string[] {
  return [...new Set(known.keys.map((key) => key.type))];
}
