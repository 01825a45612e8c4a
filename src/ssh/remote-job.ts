import type { Pack } from '../model/action.ts';
import type { Tarball } from '../model/desired.ts';
import type { ErrorCode } from '../model/errors.ts';

/** For limits, in milliseconds. */
export const minute = 60_000;

/** A script to run as root, with the error that a non-zero exit means. */
export interface RemoteJob {
  readonly script: string;
  readonly stdin?: Uint8Array;
  readonly timeoutMs: number;
  /** Ended on the host too when it is interrupted: no one waits for the build any more. */
  readonly lifeline?: boolean;
  readonly failure: ErrorCode;
  /** What exit statuses of its own mean. */
  readonly meaning?: Readonly<Record<number, Meaning>>;
  /** The same for a status whose meaning depends on what the script printed; null: another status. */
  readonly explain?: (status: number, output: string) => Meaning | null;
  /** What failed, in words: `./configure of keepalived 2.2.7`. */
  readonly what: string;
  /** The same by exit status, where one tells which part of it failed. */
  readonly parts?: Readonly<Record<number, string>>;
}

export interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** Absent: the lines of the output that tell why. */
  readonly detail?: readonly string[];
}

/** What the operator's machine has ready: bytes, and patience. */
export interface Store {
  readonly tarball: (wanted: Tarball) => Uint8Array;
  readonly pack: (wanted: Pack) => Uint8Array;
  /** Seconds that another package run is waited for. */
  readonly lockWait?: number;
}
