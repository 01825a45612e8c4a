import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { HaupError } from '../../model/errors.ts';
import { judgeHostKey } from './judge-host-key.ts';
import { fingerprint, hashName, type HostKeyPolicy, keyType, lookUp } from './known-hosts.ts';

/**
 * Saves a new host's key, unless another process did so in the meantime. It appends one line in one write, so that
 * concurrent runs lose nothing, and it is synchronous, so that nothing in this process comes between check and write.
 * @throws HaupError HOST_KEY_UNKNOWN when the key cannot be saved: the next connection would trust any key again.
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
    // Not recursive: that never returns on some paths that cannot be made (nodejs/node, ENOENT under /proc).
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
      `The new host key of ${policy.label} cannot be saved in ${file}.`,
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
