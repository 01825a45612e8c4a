/** Checks the host key of one connection, during the key exchange: before anything of the login is sent. */

import type { ServerHostKeyAlgorithm } from 'ssh2';
import { HaupError } from '../../model/errors.ts';
import { judgeHostKey } from './judge-host-key.ts';
import { type HostKeyPolicy, keyType, knownTypes, lookUp } from './known-hosts.ts';
import { record } from './record-host-key.ts';

export interface HostKeyGuard {
  /** What to negotiate, known types first: a key of another type would look like a changed key. */
  readonly types: ServerHostKeyAlgorithm[];
  /** Judges the key that the host presents. */
  readonly verify: (key: Buffer) => boolean;
  /** Call it when the exchange has proved the key: saves a new one. False if that failed. */
  readonly proven: () => boolean;
  /** Why the key was refused. */
  readonly refusal: () => HaupError | null;
  /** The type of the key that the host presented. */
  readonly shown: () => string;
}

/**
 * @param not key types to leave out
 * @throws HaupError HOST_KEY_UNKNOWN when a known_hosts file cannot be read
 */
export function guardHostKey(policy: HostKeyPolicy, not: readonly string[]): HostKeyGuard {
  // A pin overrides the files, so they need not be readable.
  const known = policy.pin === null ? lookUp(policy) : { keys: [], revoked: [], authorities: [] };
  let accepted: Buffer | null = null;
  let isNew = false;
  let refusal: HaupError | null = null;
  let shown = '';
  return {
    types: order(knownTypes(known), not),
    refusal: () => refusal,
    shown: () => shown,
    verify(key) {
      // A connection exchanges keys again from time to time.
      if (accepted !== null) return accepted.equals(key);
      shown = keyType(key);
      const verdict = judgeHostKey(key, known, policy);
      if (verdict instanceof HaupError) {
        refusal = verdict;
        return false;
      }
      accepted = Buffer.from(key);
      isNew = verdict === 'record';
      return true;
    },
    proven() {
      if (!isNew || accepted === null) return true;
      isNew = false;
      try {
        record(accepted, policy);
        return true;
      } catch (error) {
        if (!(error instanceof HaupError)) throw error;
        refusal = error;
        return false;
      }
    },
  };
}

/** The algorithms of each type of key, in ssh2's order. */
const algorithms: readonly (readonly [string, readonly ServerHostKeyAlgorithm[]])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa']],
];

function order(first: readonly string[], not: readonly string[]): ServerHostKeyAlgorithm[] {
  const rest = algorithms.filter(([type]) => !not.includes(type));
  return [
    ...rest.filter(([type]) => first.includes(type)),
    ...rest.filter(([type]) => !first.includes(type)),
  ].flatMap(([, names]) => names);
}
