/** What a host reports about itself, in one round trip. */

import type { PackageManager } from './package-manager.ts';
import type { DrillName } from './fault.ts';
import type { HostName, Service } from './domain.ts';
import type { FirewallFacts } from './firewall-rules.ts';
import type { LockOwner } from './lock-owner.ts';
import type { RunningDaemon } from './running.ts';
import type { Listener } from './socket.ts';

/** What to ask a host, so that one round trip is enough. */
export interface FactsRequest {
  /** Package names to look up, by kind of package database. */
  readonly packages: { readonly deb: readonly string[]; readonly rpm: readonly string[] };
  /** Of these, where they are not installed, also the version that would be. */
  readonly offers?: readonly string[];
  readonly users: readonly string[];
  readonly files: readonly string[];
  /** Every file in these is reported. */
  readonly directories: readonly string[];
  /** Contents by digest that the host need not send, in whatever file it has them; absent: none. */
  readonly known?: ReadonlyMap<string, Uint8Array>;
  readonly binaries: Readonly<Record<Service, { readonly path: string; readonly prefix: string }>>;
  /** Whether to ask for the firewall. */
  readonly firewall?: boolean;
  /** Whether to ask what listens where. */
  readonly listening?: boolean;
  /** Whether to ask for the daemons that run, and all files that they read. */
  readonly running?: boolean;
}

/** How a host is now: plain data, gathered in one round trip. */
export interface HostFacts {
  readonly host: HostName;
  readonly machineId: string;
  readonly os: OsFacts;
  readonly arch: string;
  /** `uname -r` */
  readonly kernel?: string;
  /** It runs under a hypervisor, which may pause it. */
  readonly virtual?: boolean;
  /** Milliseconds since the epoch by the host's own clock, to the second. */
  readonly clockMs: number;
  readonly systemd: boolean;
  readonly packageManager: PackageManager | null;
  /** Installed packages among those asked for: name → version. */
  readonly packages: Readonly<Record<string, string>>;
  /** Name → version that would be installed, as far as the package manager knows without downloading. */
  readonly offered?: Readonly<Record<string, string>>;
  /** Users among those asked for that exist. */
  readonly users: readonly string[];
  readonly interfaces: readonly InterfaceFacts[];
  /** Programs that haup's scripts call and that the host does not have; absent: none. */
  readonly lacks?: readonly string[];
  /** Whether it has nft, by which open connections live on when a VIP moves; `old-kernel`: that would not help. */
  readonly nft: 'present' | 'absent' | 'old-kernel';
  readonly files: Readonly<Record<string, FileFact>>;
  readonly services: Readonly<Record<Service, ServiceFacts>>;
  readonly software: Readonly<Record<Service, SoftwareFacts | null>>;
  readonly libraries: { readonly openssl: string | null; readonly pcre1: boolean; readonly pcre2: boolean };
  /** Services whose files were swapped but that have not read them yet: an apply was cut off there. */
  readonly unread: readonly Service[];
  /** The number in the drain file; 0 or null: not drained. */
  readonly drain: number | null;
  /** The drill of haup verify that is under way on the host, or was cut off; null: none. */
  readonly drill: DrillName | null;
  /** The haup that is changing the host; absent: none. */
  readonly lockedBy?: LockOwner;
  /** VIPs that have moved and whose open connections the host still serves, or sends on; absent: none. */
  readonly graces?: readonly HostGrace[];
  readonly record: HostRecord;
  /** What keepalived logged lately about adverts that it refuses, or that come from elsewhere; absent: nothing. */
  readonly complaints?: readonly string[];
  /** Absent: there was no reason to listen. */
  readonly wire?: WireFacts;
  /** Null: none is active or has haup's rules, or it was not asked for. */
  readonly firewall: FirewallFacts | null;
  /** Absent: it was not asked for. */
  readonly listening?: readonly Listener[];
  /** Every keepalived and nginx that runs; absent: it was not asked for. */
  readonly running?: readonly RunningDaemon[];
}

/** What a host heard on its segment while it asked and listened for a moment. */
export interface WireFacts {
  /** The last advert of each sender for each VRID. */
  readonly adverts: readonly Advert[];
  /** Who answers for the addresses that were asked for. */
  readonly claims: readonly Claim[];
  /** It has neither Python nor Perl to listen with. */
  readonly deaf: boolean;
}

/** A VRRP advert, whoever sent it. */
export interface Advert {
  readonly from: string;
  readonly version: number;
  readonly virtualRouterId: number;
  readonly priority: number;
  /** The VIPs in it. */
  readonly addresses: readonly string[];
}

export interface Claim {
  readonly address: string;
  readonly interface: string;
  readonly mac: string;
}

/** A host's part in the grace of a VIP. */
export interface HostGrace {
  readonly vip: string;
  /** `answer`: it has given the VIP up; `forward`: it has taken it. */
  readonly part: 'answer' | 'forward';
  /** Connections that are still open; null: it does not count them. */
  readonly connections: number | null;
  /** Until the host's own timer ends the grace, which haup does before. */
  readonly leftSeconds: number;
}

/** What haup has put on the host, as the host records it for an uninstall. */
export interface HostRecord {
  readonly files: readonly string[];
  readonly users: readonly string[];
  /** Those that haup asked for, and those that came with them. */
  readonly packages: readonly string[];
  readonly builds: readonly { readonly service: Service; readonly prefix: string }[];
  /** How a service was before haup first touched it; absent: it has not. */
  readonly services: Readonly<Partial<Record<Service, ServiceFound>>>;
  /** Units of other names by which a service ran before, and which haup has stopped. */
  readonly units?: readonly StoppedUnit[];
}

export interface StoppedUnit {
  readonly service: Service;
  readonly unit: string;
  readonly enabled: boolean;
}

export interface ServiceFound {
  readonly active: boolean;
  readonly enabled: boolean;
}

export interface OsFacts {
  /** `debian`, `centos`, … */
  readonly id: string;
  readonly version: string;
  readonly name: string;
}

export interface InterfaceFacts {
  readonly name: string;
  readonly up: boolean;
  /** Every address with its prefix, `192.168.160.136/24`. */
  readonly addresses: readonly string[];
}

export type FileFact =
  | { readonly state: 'absent' }
  | {
      readonly state: 'present';
      readonly sha256: string;
      readonly mode: number;
      readonly owner: string;
      /** Null when the file is too large to transfer. Secrets are masked where it is shown. */
      readonly text: string | null;
    };

export interface ServiceFacts {
  /** systemd's LoadState: loaded, not-found, masked, … */
  readonly load: string;
  /** ActiveState: active, inactive, failed, … */
  readonly active: string;
  /** UnitFileState: enabled, disabled, static, … or empty. */
  readonly enabled: string;
  /** Path of the unit file that systemd uses, or empty. */
  readonly unit: string;
  /** The unit file changed since systemd read it. */
  readonly needsDaemonReload: boolean;
  /** Path of the running main program, or empty. */
  readonly program: string;
}

export interface SoftwareFacts {
  readonly path: string;
  /** The file that `path` leads to, which /proc names when it runs. */
  readonly program?: string;
  readonly version: string;
  /** The options that its `-v` / `-V` reports. */
  readonly configure: readonly string[];
  /** Digest of the recipe that haup built it from; null when haup did not. */
  readonly stamp: string | null;
}
