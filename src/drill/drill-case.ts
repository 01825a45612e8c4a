import type { HostName, Vip, Vrrp } from '../model/domain.ts';
import type { DrillName, Fault } from '../model/fault.ts';
import type { GraceOrder } from '../move/grace-order.ts';
import type { BesideVip } from './beside-vips.ts';

/** One drill on one VIP, as it is to be run. */
export interface DrillCase {
  readonly drill: DrillName;
  /** What is done to `from`. */
  readonly fault: Fault;
  readonly vip: Vip;
  readonly vrrp: Vrrp;
  /** Who should hold the VIP now, and who takes over. */
  readonly from: RankedHost;
  readonly to: RankedHost;
  /** Other VIPs of these hosts: nothing is broken unless each has exactly one holder. */
  readonly beside: readonly BesideVip[];
  /** Makes the name of the timer on the host unique. */
  readonly tag: string;
  /** Seconds that the fault lasts at least; absent: until the VIP has moved and been watched for a second. */
  readonly hold?: number;
  /** VIPs whose open connections live on for so long, where the host holds them; absent: they are cut. */
  readonly grace?: { readonly seconds: number; readonly orders: readonly GraceOrder[] };
  /** Which of several runs this is, in words. */
  readonly repeat?: string;
}

/** A host and the priority that it runs with. */
export interface RankedHost {
  readonly host: HostName;
  readonly priority: number;
}
