/**
 * The result of status, one JSON document, and the events of `status --watch`.
 * Times in milliseconds. Fields are only ever added; a change of meaning raises `version`.
 */

import type { HostName } from './domain.ts';
import type { LockOwner } from './lock-owner.ts';
import type { Finding } from './plan.ts';

export interface StatusReport {
  readonly version: 1;
  readonly ok: boolean;
  readonly vips: readonly VipStatus[];
  readonly hosts: readonly HostStatus[];
  /** Open connections that a host still serves for a VIP that it has given up; absent: none. */
  readonly graces?: readonly GraceStatus[];
  /** Commands that are changing hosts now; absent: none. */
  readonly runs?: readonly RunStatus[];
  readonly findings: readonly Finding[];
}

/** A command that holds the locks of hosts: who runs it, since when, and what for. */
export interface RunStatus extends LockOwner {
  readonly hosts: readonly HostName[];
}

/** A VIP that has come to one host alone; `from` is `to` when another host, or none, held it only in between. */
export interface HolderMove {
  readonly vip: string;
  readonly from: HostName;
  readonly to: HostName;
  /** By the operator's clock, milliseconds since the epoch. */
  readonly atMs: number;
  /** How long no host, and how long several hosts, were seen to hold it meanwhile. */
  readonly noneMs: number;
  readonly bothMs: number;
}

/** What `haup status --watch` says after its first look. */
export type StatusChange =
  /** `before` null: not known until now. */
  | {
      readonly type: 'holders';
      readonly vip: string;
      readonly holders: readonly HostName[];
      readonly before: readonly HostName[] | null;
    }
  | ({ readonly type: 'move' } & HolderMove)
  | ({ readonly type: 'host' } & HostStatus)
  | ({ readonly type: 'run' | 'run-ended' } & RunStatus)
  | { readonly type: 'finding' | 'resolved'; readonly finding: Finding };

export interface GraceStatus {
  readonly vip: string;
  readonly host: HostName;
  /** Null: not counted. */
  readonly connections: number | null;
  /** Seconds until the host ends it itself. */
  readonly leftSeconds: number;
}

export interface VipStatus {
  /** Without the prefix length. */
  readonly address: string;
  /** In order of preference. */
  readonly members: readonly HostName[];
  /** Hosts whose kernel has the address now: one, unless something is wrong. */
  readonly holders: readonly HostName[];
  /** Who should have it now: the first member that is able to; null when none is. */
  readonly expected: HostName | null;
}

export interface HostStatus {
  readonly name: HostName;
  readonly reachable: boolean;
  /** Null: unknown, the host was not reached. */
  readonly keepalived: ServiceStatus | null;
  readonly nginx: ServiceStatus | null;
  readonly drained: boolean;
  /** Absent: unknown. */
  readonly system?: SystemStatus;
}

export interface SystemStatus {
  /** `Debian GNU/Linux 12 (bookworm)` */
  readonly os: string;
  readonly kernel: string;
  readonly arch: string;
  readonly virtual: boolean;
}

/** A host of a rehearsal beside the real one. */
export interface HostComparison {
  readonly host: HostName;
  /** False: the real host could not be reached. */
  readonly compared: boolean;
  readonly differences: readonly HostDifference[];
}

export interface HostDifference {
  readonly what: string;
  /** Null: there is none. */
  readonly lab: string | null;
  readonly real: string | null;
}

export interface ServiceStatus {
  /** systemd's ActiveState: active, inactive, failed, … */
  readonly state: string;
  /** Of the program on disk; null when there is none. */
  readonly version: string | null;
}
