/** The port through which hosts are read and changed. */

import type { Action } from './action.ts';
import type { DrillName } from './fault.ts';
import type { HostName } from './domain.ts';
import type { LockOwner } from './lock-owner.ts';

/** sh text that only reads. */
export type ReadScript = string & { readonly reads: true };

export interface ActResult {
  /** Combined text of the remote command, for the log. */
  readonly output: string;
  /** What `pack-build` made. */
  readonly pack?: Uint8Array;
}

export interface HeldLock extends AsyncDisposable {
  /** Aborts, with a HaupError as its reason, when the lock is broken. */
  readonly lost: AbortSignal;
}

/** The lock of one host. */
export interface HostLock extends HeldLock {
  /** A drill that its owner has left there, since drills are made under the lock; null: none. */
  readonly drill: DrillName | null;
}

/** A connected host. ssh/ implements it over SSH, test/fakes in memory; one contract suite runs on both. */
export interface Host {
  readonly name: HostName;
  /** Runs as root. Never changes anything. Rejects with a HaupError: COMMAND_TIMED_OUT after `limitMs`. */
  read(script: ReadScript, signal: AbortSignal, limitMs?: number): Promise<Uint8Array>;
  /** The same as a stream of lines; ends when the signal aborts, and the remote command ends with it. */
  watch(script: ReadScript, signal: AbortSignal): AsyncIterable<string>;
  /** The only way to change anything. `onLine` gets the output as it comes. */
  act(action: Action, signal: AbortSignal, onLine?: (line: string) => void): Promise<ActResult>;
  /** Takes the host's lock, or tells who has it. It ends with the connection, at the latest. */
  lock(owner: LockOwner, signal: AbortSignal): Promise<HostLock | LockOwner>;
  /** Who has the host's lock; null: no one. */
  lockOwner(signal: AbortSignal): Promise<LockOwner | null>;
  /** Breaks the lock, whoever has it. */
  breakLock(signal: AbortSignal): Promise<void>;
}
