/**
 * What the hosts of one command share. Each host works for itself, but this machine encrypts and keeps what it sends to all
 * of them: a pack of some MB, and as much again in the socket of each host that it is sent to.
 */

import type { HostName } from '../model/domain.ts';
import { interrupted } from './login/failure.ts';
import { type Slots, slots } from './login/slots.ts';

export interface Shares {
  readonly reads: Slots;
  readonly uploads: Slots;
}

/** More than any cluster has hosts: only a fleet waits, and one slow host keeps one turn of so many. */
const readsAtOnce = 64;
const uploadsAtOnce = 16;

export const shares = (): Shares => ({ reads: slots(readsAtOnce), uploads: slots(uploadsAtOnce) });

/** What is shorter goes in one or two packets, and keeps nothing waiting. */
const uploadBytes = 64 * 1024;

export const isUpload = (stdin: Uint8Array | undefined): boolean =>
  stdin !== undefined && stdin.length > uploadBytes;

/** Rejects with INTERRUPTED when the signal aborts before there is a turn. */
export async function inTurn<T>(
  turns: Slots,
  host: HostName,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  await turns.take(signal).catch(() => {
    throw interrupted(host, signal);
  });
  try {
    return await work();
  } finally {
    turns.free();
  }
}
