/**
 * The result of failover and failback: one JSON document.
 * Times in milliseconds. Fields are only ever added; a change of meaning raises `version`.
 */

import type { HostName } from './domain.ts';
import type { ConnectionFigures, GraceReport, HeldTimes, RequestFigures, StartErrors } from './report.ts';

export interface FailoverReport {
  readonly version: 1;
  readonly ok: boolean;
  readonly host: HostName;
  /** How the host was made to give up its VIPs, or that it takes them back. */
  readonly mode: 'drain' | 'stop' | 'failback';
  /** The VIPs that were to move. */
  readonly vips: readonly VipMoveReport[];
  readonly before: readonly Topology[];
  readonly after: readonly Topology[];
  /** Why not ok, one sentence each. */
  readonly reasons: readonly string[];
}

export interface VipMoveReport extends RequestFigures, Partial<HeldTimes> {
  readonly address: string;
  /** By what it was asked: `HTTPS on port 443 for app.example.org`. */
  readonly asked?: string;
  readonly from: HostName | null;
  readonly to: HostName | null;
  /** The outage that VRRP's timers allow for this mode, and what a measurement may add to it. */
  readonly boundMs?: number;
  readonly allowanceMs?: number;
  /** The longest time in which this machine itself did not get to ask; no part of the outage. */
  readonly stalledMs?: number;
  /** How long after its moment a request was sent. */
  readonly lateMs?: StartErrors;
  /** From the command until the new holder had it alone and answered; null: it never did. */
  readonly movedMs?: number | null;
  /** What became of the connections that were open before; absent: none of them were kept on purpose. */
  readonly grace?: GraceReport;
  /** What became of the connections that haup itself held open; absent: it held none. */
  readonly connections?: readonly ConnectionFigures[];
}

/** Who has a VIP at one moment. */
export interface Topology {
  readonly address: string;
  readonly holders: readonly HostName[];
}
