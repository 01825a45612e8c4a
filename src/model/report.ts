/**
 * The result of verify: one JSON document, and what report/*-text.ts draws.
 * Times in milliseconds. Fields are only ever added; a change of meaning raises `version`.
 */

import type { HostName } from './domain.ts';

export interface VerifyReport {
  readonly version: 1;
  readonly ok: boolean;
  /** ISO 8601, by the operator's clock. */
  readonly startedAt?: string;
  readonly vips: readonly VipVerification[];
}

export interface VipVerification {
  readonly address: string;
  /** By what it was asked: `HTTPS on port 443 for app.example.org`. */
  readonly asked?: string;
  /** Every run of every drill, in the order of running. */
  readonly drills: readonly DrillReport[];
  /** With --count, each drill that ran; absent without it. */
  readonly repeats?: readonly RepeatSummary[];
}

/** The figures of a drill that repeats are summed up by. */
export const repeatedFigures = ['outageMs', 'lost', 'retried', 'detectionMs', 'takeoverMs'] as const;

/** What the runs of one drill on one VIP show together. */
export interface RepeatSummary {
  readonly drill: string;
  /** How often it was to run, how often it ran, and how many of these runs passed. */
  readonly count: number;
  readonly runs: number;
  readonly ok: number;
  /** Without those that no run measured. */
  readonly figures: { readonly [figure in (typeof repeatedFigures)[number]]?: FigureSpread };
}

export interface FigureSpread {
  readonly median: number;
  readonly worst: number;
  /** From the best to the worst. */
  readonly spread: number;
}

/** Requests seen from one client: `outageMs` is the longest time in which none was answered. */
export interface RequestFigures {
  readonly outageMs: number;
  /** What a client that does not retry loses: the first connection was cut, refused, silent for 0.9 s, or not served. */
  readonly lost: number;
  readonly total: number;
  /** Of the lost: how many were answered on a second connection. The rest got no answer. */
  readonly retried: number;
}

/** A move as the kernels report it. */
export interface HeldTimes {
  /** How long two hosts had the VIP at once. */
  readonly bothHeldMs: number;
  /** How long no host had it. */
  readonly noneHeldMs: number;
}

/** What an outage is measured against. */
export interface Allowed {
  /** The outage that VRRP's timers allow. */
  readonly boundMs: number;
  /** What a measurement may add to the bound before it is a failure. */
  readonly allowanceMs: number;
}

/**
 * Every request of a drill, a column for each figure: some 20 bytes a request as JSON, where an object for each would
 * be 100.
 */
export interface RequestLog {
  /** Hosts that answered, for `by` to count in. */
  readonly hosts: readonly HostName[];
  /** When each was sent, ascending. */
  readonly sentMs: readonly number[];
  /** Until it was answered, on either connection; null: it was not. */
  readonly tookMs: readonly (number | null)[];
  /** Who answered: an index into `hosts`; -1: no host, or the answer names none. */
  readonly by: readonly number[];
  /** Those that a client without retries loses: indices into the columns, ascending. */
  readonly lost: readonly number[];
}

/** A takeover in its two parts. */
export interface TakeoverFigures {
  /** From the fault until the kernel of another host got the VIP; null: none did. */
  readonly detectionMs: number | null;
  /** From then until that host first answered there; null: it did not. */
  readonly takeoverMs: number | null;
}

/**
 * Of the moments at which a request was due, how long until one was sent: the median, the 99th percentile, the worst. A
 * moment that was missed counts until the next request.
 */
export interface StartErrors {
  readonly median: number;
  readonly p99: number;
  readonly worst: number;
  /** The sampler ran before ordinary programs of this machine, as it does for root on Linux. */
  readonly first: boolean;
}

export interface DrillReport extends RequestFigures, Allowed, HeldTimes, Partial<TakeoverFigures> {
  /** The name of the drill: `stop`. */
  readonly drill: string;
  /** `stop keepalived on keep_136`, and what the moments of the fault and of its end are called. */
  readonly title?: string;
  readonly began?: string;
  readonly ended?: string;
  readonly from: HostName;
  /** Who took over; null when no host did. */
  readonly to: HostName | null;
  /** Null when the fault could not be undone or no host had taken over. */
  readonly failback:
    | (RequestFigures & Partial<HeldTimes> & Partial<Allowed> & { readonly grace?: GraceReport })
    | null;
  readonly ok: boolean;
  /** Why not ok, one sentence each. */
  readonly reasons: readonly string[];
  /** Who held the VIP when; 0 is the moment of the fault, so it starts below 0. */
  readonly timeline: readonly HolderSpan[];
  /** When requests were lost, on the same clock. */
  readonly unanswered: readonly Span[];
  /** When the fault was undone, on the same clock; null when it was not. */
  readonly restoredMs: number | null;
  /** How the bound comes about: `skew (256 − 80)/256 s of keep_137`. */
  readonly formula?: string;
  /** Who answered the requests when, on the same clock. */
  readonly answeredBy?: readonly HolderSpan[];
  /** The longest time in which this machine itself did not get to ask; no part of the outage. */
  readonly stalledMs?: number;
  /** How far the clocks of the hosts may be from each other: the hosts' times are no better than this. */
  readonly clockErrorMs?: number;
  /** How often the VIP was to be asked, and how often it was on average, where this machine was too busy. */
  readonly intervalMs?: number;
  readonly everyMs?: number;
  /** How long after its moment a request was sent: this machine's own error. */
  readonly lateMs?: StartErrors;
  /** On the same clock. Left out of --json unless --samples asks for it. */
  readonly requests?: RequestLog;
  /** The other VIPs of these hosts. */
  readonly beside?: readonly BesideReport[];
  /** What became of the connections that haup held open when the fault came; absent: it held none. */
  readonly connections?: readonly ConnectionFigures[];
  /** What became of clients' connections, in a drain; absent: they were cut. That of `failback` is the way back. */
  readonly grace?: GraceReport;
}

/**
 * `busy`: keep-alive, sends requests steadily. `idle`: keep-alive, has sent one request and sends the next after the
 * move. `underway`: in the middle of a request that ends after the move. `http2`: HTTP/2, sends requests steadily.
 */
export type ConnectionKind = 'busy' | 'idle' | 'underway' | 'http2';

/** Connections of one kind that were open when the VIP was made to move. `kept` to `unanswered` add up to `open`. */
export interface ConnectionFigures {
  readonly kind: ConnectionKind;
  readonly open: number;
  /** Answered a request after the move. */
  readonly kept: number;
  /** Ended by the server in order, between two requests. */
  readonly closed: number;
  /** Reset, or ended in the middle of a request. */
  readonly cut: number;
  /** Neither: the client still waited, 0.9 s after the move. */
  readonly unanswered: number;
  /** When the first and the last client learned that its connection was cut, counted from the fault; null: none was. */
  readonly cutMs: Span | null;
}

/** Connections with the old holder that were open when the VIP moved. */
export interface GraceReport {
  /** Null: they were not counted, since they could not be kept. */
  readonly open: number | null;
  /** Those still open when nginx was asked, before the end of the grace, to close what is idle; null: not counted. */
  readonly asked: number | null;
  /** Those still open when the grace was over. */
  readonly cut: number | null;
  /** How long the grace took, milliseconds. */
  readonly afterMs: number;
  /** Why connections were not kept, or not to their end; null: they were. */
  readonly why: string | null;
  /**
   * The new holder failed, and the old one has the VIP again with its connections: so many with the new one were lost.
   * Absent: it did not.
   */
  readonly returned?: number;
}

/** What a drill cost another VIP of its hosts. */
export interface BesideReport extends RequestFigures, HeldTimes {
  readonly address: string;
  /** The outage that VRRP's timers allow it. */
  readonly boundMs: number;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface HolderSpan extends Span {
  readonly host: HostName;
}
