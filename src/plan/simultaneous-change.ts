import type { HostName } from '../model/domain.ts';
import type { SimultaneousReason } from '../model/plan.ts';

export interface SimultaneousChange {
  readonly hosts: readonly HostName[];
  readonly together: SimultaneousReason;
  /** Hosts that read it before the others, and take over while those still hold; empty: all at the same moment. */
  readonly first: readonly HostName[];
  /** VIPs that keepalived gives up when it reads the change. */
  readonly forgotten: readonly string[];
  /** Within this time hosts that go first have taken over, drained as they are. */
  readonly takeoverMs: number;
  /** Not before this time do the others take over again. */
  readonly untakenMs: number;
}
