/** Daemons that run on a host, whoever started them. */

import type { Service } from './domain.ts';

export interface RunningDaemon {
  readonly service: Service;
  /** Path of the running main program. */
  readonly program: string;
  /** The unit whose main process it is; null: none. */
  readonly unit: string | null;
  /** The file of that unit, or empty. */
  readonly unitPath: string;
  /** Whether the unit starts at boot. */
  readonly enabled: boolean;
  /** The file that it reads first, by its command line or by how it was built. */
  readonly entry: string;
  /** `entry` and every file that it includes, as paths of the facts' `files`. */
  readonly files: readonly string[];
}

/** What an apply makes disappear from a host. */
export interface Disappearing {
  readonly host: string;
  readonly kind: 'vip' | 'site' | 'daemon' | 'file';
  /** In words, the thing first: `192.0.2.7 (VI_3), which the host holds`. */
  readonly what: string;
  /** Haup put it there: no consent is needed. */
  readonly ours: boolean;
}
