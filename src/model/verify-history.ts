/** What the operator's machine keeps of each run of haup verify, and what a run is compared to. */

import type { HostName } from './domain.ts';
import type { ConnectionFigures } from './report.ts';

/** One run: a line of JSON. Fields are only ever added. */
export interface VerifyRun {
  readonly version: 1;
  /** ISO 8601, by the operator's clock. */
  readonly at: string;
  readonly haup: string;
  readonly inventory: string;
  /** Names the hosts and VIPs of the inventory, wherever its file lies. */
  readonly cluster: string;
  readonly ok: boolean;
  readonly drills: readonly DrillFigures[];
}

export interface DrillFigures {
  readonly vip: string;
  readonly drill: string;
  readonly from: HostName;
  readonly ok: boolean;
  readonly outageMs: number;
  readonly boundMs: number;
  readonly allowanceMs: number;
  readonly lost: number;
  readonly retried: number;
  readonly total: number;
  readonly detectionMs?: number;
  readonly takeoverMs?: number;
  /** Connections that were open when the fault came; absent: none. */
  readonly connections?: readonly ConnectionFigures[];
}

/** One drill on one VIP beside what earlier runs measured; an outage is the median of a run's repeats. */
export interface DrillComparison {
  readonly vip: string;
  readonly drill: string;
  /** How many repeats `outageMs` is the median of, and the longest of them. */
  readonly runs: number;
  readonly outageMs: number;
  readonly worstMs: number;
  /** Of the last run that had this drill. Null: none has. */
  readonly last: EarlierOutage | null;
  readonly best: EarlierOutage | null;
  /** Of the earlier runs with the same bound: how many, what is usual, and how far from it is still usual. */
  readonly earlier: number;
  readonly usualMs: number | null;
  readonly spreadMs: number | null;
  readonly worse: boolean;
}

export interface EarlierOutage {
  readonly at: string;
  readonly outageMs: number;
  readonly boundMs: number;
}
