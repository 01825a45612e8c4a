/** known_hosts files: which keys a host has, and whether the key that it shows is one of them. */

import { createHash, createHmac, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
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

/** What decides about the key that a host shows. */
export interface HostKeyPolicy {
  /** For messages: the host, as the inventory calls it, or the jump host on the way to it. */
  readonly host: string;
  readonly label: string;
  /** The name that known_hosts files have the host under: see `knownHostsName`. */
  readonly name: string;
  /** Refuse hosts that are not known yet. */
  readonly strict: boolean;
  /** `SHA256:…` of the inventory; wins over files. */
  readonly pin: string | null;
  /** New keys are recorded in the first of them. */
  readonly userFiles: readonly string[];
  readonly globalFiles: readonly string[];
  readonly hashNames: boolean;
}

/** A host's name as known_hosts writes it; a HostKeyAlias stands without port. */
export function knownHostsName(host: string, port: number, alias: string | null): string {
  const name = (alias ?? host).toLowerCase();
  return alias === null && port !== 22 ? `[${name}]:${port}` : name;
}

/** `SHA256:…` as ssh-keygen -l prints it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a public key in wire format names first, `ssh-ed25519`. */
export function keyType(blob: Buffer): string {
  return blob.length < 4
    ? ''
    : blob.toString('latin1', 4, 4 + Math.min(blob.readUInt32BE(0), blob.length - 4));
}

/** Lines that are not understood are skipped, as ssh does. Pure. */
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

/** Does the first field of a line stand for this name? Plain, hashed, with * and ?, with ! for all but. */
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

function hashName(name: string, salt: Buffer): string {
  return createHmac('sha1', salt).update(name).digest('base64');
}

/** What known_hosts files say about one host. */
export interface Known {
  readonly keys: readonly KnownKey[];
  readonly revoked: readonly KnownKey[];
  readonly authorities: readonly KnownKey[];
}

/**
 * Reads the files; those that do not exist are empty.
 * @throws HaupError HOST_KEY_UNKNOWN when one cannot be read: what it would forbid is not known.
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
      // /dev/null is everybody's, and nobody's.
      const why = facts.isFile() ? sayOfOthers(facts, process.geteuid?.() ?? 0) : null;
      if (why === null) return readFileSync(fd, 'utf8');
      throw new HaupError(
        'HOST_KEY_UNKNOWN',
        `${file} ${why}, so the host key of ${policy.label} cannot be checked by it.`,
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

/** The types of key to negotiate first, so that a host is not asked for a key that is not known. */
export function knownTypes(known: Known): string[] {
  return [...new Set(known.keys.map((key) => key.type))];
}

/** `record`: a new host under accept-new; to be written down when the key exchange has proved the key. */
export type Verdict = 'known' | 'record' | HaupError;

/** Judges the key that a host shows. Pure. */
export function judgeHostKey(blob: Buffer, known: Known, policy: HostKeyPolicy): Verdict {
  const shown = `${fingerprint(blob)} (${keyType(blob)})`;
  const refuse = (
    code: 'HOST_KEY_UNKNOWN' | 'HOST_KEY_CHANGED',
    message: string,
    hint: string,
    detail: string[],
  ): HaupError => new HaupError(code, message, { host: policy.host, hint, detail });

  if (policy.pin !== null) {
    if (policy.pin === fingerprint(blob)) return 'known';
    return refuse(
      'HOST_KEY_CHANGED',
      `${policy.label} shows a host key other than the one pinned in the inventory.`,
      'Find out why before you go on. If the host was rebuilt, change ssh.host_key in the inventory.',
      [`pinned  ${policy.pin}`, `shown   ${shown}`],
    );
  }

  const revoked = known.revoked.find((key) => key.blob.equals(blob));
  if (revoked !== undefined) {
    return refuse(
      'HOST_KEY_CHANGED',
      `${policy.label} shows a host key that is marked @revoked in ${place(revoked)}.`,
      'Give the host a new key before you use it again.',
      [`shown   ${shown}`],
    );
  }
  if (known.keys.some((key) => key.blob.equals(blob))) return 'known';

  const changed = known.keys.find((key) => key.type === keyType(blob)) ?? known.keys[0];
  if (changed !== undefined) {
    return refuse(
      'HOST_KEY_CHANGED',
      changed.type === keyType(blob)
        ? `The host key of ${policy.label} has changed: the host was rebuilt, or somebody is in between.`
        : `${policy.label} shows a ${keyType(blob)} key and no longer the ${changed.type} key that is known.`,
      `Find out why. If it is right, run: ssh-keygen -R '${policy.name}' -f '${changed.file}'`,
      [`known   ${fingerprint(changed.blob)} (${changed.type}) in ${place(changed)}`, `shown   ${shown}`],
    );
  }
  if (!policy.strict) return 'record';
  const authority = known.authorities[0];
  return refuse(
    'HOST_KEY_UNKNOWN',
    `The host key of ${policy.label} is not known.`,
    `Compare it with: ssh-keygen -lf /etc/ssh/ssh_host_${shortType(blob)}_key.pub on the host. Then pin it with ssh.host_key in the inventory, or connect once with --strict-host-key accept-new.`,
    [
      `shown   ${shown}`,
      ...(authority === undefined
        ? []
        : [`the @cert-authority of ${place(authority)} does not help: certificates are not supported`]),
    ],
  );
}

function place(key: KnownKey): string {
  return `${key.file}:${key.line}`;
}

function shortType(blob: Buffer): string {
  return /ed25519|ecdsa|rsa/.exec(keyType(blob))?.[0] ?? 'ed25519';
}

/**
 * Writes a new host's key down, unless somebody else did in the meantime. One append of one line, so several haup
 * at once lose nothing. Synchronous, so that nothing of this process comes between the look and the write.
 * @throws HaupError HOST_KEY_UNKNOWN when it cannot be written: the next connection would trust blindly again.
 */
export function record(blob: Buffer, policy: HostKeyPolicy): void {
  const [file] = policy.userFiles;
  if (file === undefined) return;
  const verdict = judgeHostKey(blob, lookUp(policy), policy);
  if (verdict instanceof HaupError) throw verdict;
  if (verdict === 'known') return;
  const salt = randomBytes(20);
  const name = policy.hashNames
    ? `|1|${salt.toString('base64')}|${hashName(policy.name, salt)}`
    : policy.name;
  try {
    // Not recursive, which has no end on some paths that cannot be made (nodejs/node, ENOENT under /proc).
    if (!existsSync(dirname(file))) mkdirSync(dirname(file), { mode: 0o700 });
    const fd = openSync(file, 'a+', 0o600);
    try {
      writeSync(fd, `${endsInNewline(fd) ? '' : '\n'}${name} ${keyType(blob)} ${blob.toString('base64')}\n`);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new HaupError(
      'HOST_KEY_UNKNOWN',
      `the new host key of ${policy.label} cannot be recorded in ${file}.`,
      {
        host: policy.host,
        hint: `Make ${file} writable, or pin the key in the inventory: ssh.host_key: ${fingerprint(blob)}`,
        cause,
      },
    );
  }
}

function endsInNewline(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}
