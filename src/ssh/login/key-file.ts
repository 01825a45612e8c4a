/** Private key files as ssh has them: in clear, encrypted, or with their public half beside them. */

import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import type * as ssh2 from 'ssh2';

/** What haup uses of ssh2 for keys; node-ssh brings it. */
export type KeyTools = Pick<typeof ssh2, 'createAgent' | 'BaseAgent' | 'utils'>;

export interface KeyFile {
  readonly path: string;
  readonly key: ParsedKey | null;
  readonly encrypted: boolean;
  /** The public key in wire format; null if it takes decryption to know it. */
  readonly blob: Buffer | null;
}

export const isNoKey = (file: KeyFile | null | undefined): boolean =>
  !file || (file.key === null && file.blob === null && !file.encrypted);

export async function readKey(
  path: string,
  tools: KeyTools,
  debug: (line: string) => void,
): Promise<KeyFile | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') debug(`${path}: ${error.message}`);
    return null;
  });
  const parse = (data: string): ParsedKey | Error => {
    const parsed = tools.utils.parseKey(data);
    return Array.isArray(parsed) ? (parsed[0] ?? new Error('no key')) : parsed;
  };
  const key = text === null ? null : parse(text);
  if (key !== null && !(key instanceof Error)) {
    return { path, key: key.isPrivateKey() ? key : null, encrypted: false, blob: key.getPublicSSH() };
  }
  const publicText = await readFile(`${path}.pub`, 'utf8').catch(() => null);
  const publicKey = publicText === null ? null : parse(publicText);
  const blob = publicKey === null || publicKey instanceof Error ? null : publicKey.getPublicSSH();
  if (text === null) return blob === null ? null : { path, key: null, encrypted: false, blob };
  const encrypted = key instanceof Error && /encrypted/i.test(key.message);
  if (!encrypted) debug(`${path}: ${key instanceof Error ? key.message : 'not a key'}`);
  return { path, key: null, encrypted, blob: blob ?? clearPublicKey(text) };
}

/** OpenSSH's own format has the public key in clear: magic, cipher, kdf, kdf options, count, public key. */
function clearPublicKey(text: string): Buffer | null {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (base64 === undefined) return null;
  const bytes = Buffer.from(base64, 'base64');
  let at = 'openssh-key-v1\0'.length;
  const field = (): Buffer | null => {
    if (at + 4 > bytes.length) return null;
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    return at > bytes.length ? null : bytes.subarray(start, at);
  };
  field();
  field();
  field();
  at += 4;
  return field();
}
