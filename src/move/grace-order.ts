/** What a grace is about, and what it needs. */

import type { HostName } from '../model/domain.ts';
import type { DrillEnvironment } from './watch-move.ts';

/** One VIP, and the hosts between which it moves. */
export interface GraceOrder {
  readonly vip: string;
  readonly from: GraceHost;
  /** Every host that may take it. */
  readonly to: readonly GraceHost[];
}

export interface GraceHost {
  readonly host: HostName;
  /** The interface of the VIP. */
  readonly device: string;
  /** An address of the host itself there. */
  readonly address: string;
}

/** `now` is monotonic, in milliseconds; `act` is not interrupted by Ctrl-C. */
export type GraceEnvironment = Pick<DrillEnvironment, 'now' | 'sleep' | 'act' | 'read' | 'say'>;
