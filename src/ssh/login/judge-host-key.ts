/** Whether the key that a host presents is one that is known for it. */

import { HaupError } from '../../model/errors.ts';
import { fingerprint, type HostKeyPolicy, keyType, type Known, type KnownKey } from './known-hosts.ts';

/** `record`: a new host under accept-new; its key is saved once the key exchange has proved it. */
export type Verdict = 'known' | 'record' | HaupError;

/** Pure. */
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
      `${policy.label} presented a host key that is not the one pinned in the inventory.`,
      'Find out why before you continue. If the host was rebuilt, change ssh.host_key in the inventory.',
      [`pinned  ${policy.pin}`, `shown   ${shown}`],
    );
  }

  const revoked = known.revoked.find((key) => key.blob.equals(blob));
  if (revoked !== undefined) {
    return refuse(
      'HOST_KEY_CHANGED',
      `${policy.label} presented a host key that is marked @revoked in ${place(revoked)}.`,
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
        ? `The host key of ${policy.label} has changed: the host was rebuilt, or someone is intercepting the connection.`
        : `${policy.label} presented a ${keyType(blob)} key instead of its known ${changed.type} key.`,
      `Find out why. If the new key is right, run: ssh-keygen -R '${policy.name}' -f '${changed.file}'`,
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
        : [`the @cert-authority in ${place(authority)} is ignored: haup does not support host certificates`]),
    ],
  );
}

function place(key: KnownKey): string {
  return `${key.file}:${key.line}`;
}

function shortType(blob: Buffer): string {
  return /ed25519|ecdsa|rsa/.exec(keyType(blob))?.[0] ?? 'ed25519';
}
