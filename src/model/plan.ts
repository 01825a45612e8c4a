/** The difference between desired and fact as data: changes, stages, findings. */

import type { Action } from './action.ts';
import type { DesiredHost } from './desired.ts';
import type { HostName, Service } from './domain.ts';
import type { PlacedRule } from './firewall-rules.ts';
import type { KeptPaths } from './kept-state.ts';
import type { Disappearing } from './running.ts';

export interface TextDiff {
  readonly path: string;
  /** Null: absent. Secrets are masked already. */
  readonly before: string | null;
  readonly after: string | null;
}

/** What a change does; code that treats some changes differently decides by this. */
export type ChangeKind =
  | 'repos'
  | 'packages'
  | 'user'
  | 'build'
  | 'install'
  | 'config'
  | 'unit'
  | 'init'
  | 'service'
  | 'firewall'
  | 'leftover'
  | 'remove-unit'
  | 'remove-build'
  | 'remove-package'
  | 'close-firewall'
  | 'drain'
  | 'undrain'
  | 'entrust'
  | 'reload-together'
  | 'announce'
  | 'stand-back'
  | 'stand-up'
  | 'step-down'
  | 'retire'
  | 'release'
  | 'found'
  | 'remove-user'
  | 'forget';

export interface Change {
  /** Stable within a plan, for people and JSON: `build:keepalived`, `config:nginx`. */
  readonly id: string;
  readonly kind: ChangeKind;
  /** The daemon that it changes; absent: none, or both. */
  readonly service?: Service;
  readonly title: string;
  /** What differs, in words: `nginx 1.20.1 is not installed`. */
  readonly why: string;
  readonly actions: readonly Action[];
  /** What must hold on this host before the next change. */
  readonly after?: readonly CheckName[];
  /** The VIPs that `after` is about; absent: all of the cluster. */
  readonly addresses?: readonly string[];
  /** Hosts whose daemons are not haup's then: `after` asks no answer of haup's of them. */
  readonly strangers?: readonly HostName[];
  /** Puts the host back as it was, in the order of the changes; absent where nothing is to be put back. */
  readonly undo?: readonly Action[];
  /** It replaces a version by a lower one. */
  readonly downgrade?: { readonly software: Service; readonly from: string; readonly to: string };
  /** Changes of a stage wait until all hosts have made those of the rounds before; absent: 0. */
  readonly round?: number;
  /** It makes a build, or puts one in place. */
  readonly build?: BuildOrigin;
  readonly diffs: readonly TextDiff[];
}

/** Where a host has a build from; the same in JSON. */
export interface BuildOrigin {
  readonly service: Service;
  readonly version: string;
  /** System, its version and processor: `rocky 9 x86_64`. */
  readonly platform: string;
  /** That of the pack: equal keys are one build. */
  readonly key: string;
  /** `cached`: kept on the operator's machine from an earlier run. */
  readonly role: 'built' | 'received' | 'cached';
  /** The host that built it, where another one receives it. */
  readonly from: HostName | null;
}

/** One build and where it goes, in the JSON of a plan and at the end of that of an apply. */
export interface BuildReport {
  readonly service: Service;
  readonly version: string;
  readonly platform: string;
  readonly key: string;
  /** Null: this machine had kept it. */
  readonly builtOn: HostName | null;
  /** The hosts that have it from there, in the order of the plan. */
  readonly receivedBy: readonly HostName[];
}

/** A resource of a host that is as it should be. */
export interface UnchangedResource {
  readonly host: HostName;
  /** The resource, and why nothing is to be done. */
  readonly what: string;
}

export interface HostWork {
  readonly host: HostName;
  /** What is kept of the host before its first change; absent: there is nothing to go back to. */
  readonly keep?: readonly KeptPaths[];
  /** Haup's own rules in its firewall then. */
  readonly keepRules?: readonly PlacedRule[];
  readonly changes: readonly Change[];
}

/** Why hosts change at the same moment, and what clients notice of it. */
export interface SimultaneousReason {
  readonly why: readonly string[];
  readonly expect: string;
}

/** What is done at once, and what must hold before the next stage. */
export interface Stage {
  readonly title: string;
  readonly together?: SimultaneousReason;
  /** Hosts in parallel; the changes of a host in order. */
  readonly work: readonly HostWork[];
  readonly gate: readonly CheckName[];
  /** The VIPs that the gate is about; absent: all of the cluster. */
  readonly addresses?: readonly string[];
  /** Those of them that `settled` is about: all their hosts are as wanted by then; absent: all. */
  readonly settling?: readonly string[];
  /** Hosts whose daemons are not haup's then. */
  readonly strangers?: readonly HostName[];
  /** Hosts of it whose own turn is still to come: nginx answers there as it did. */
  readonly pending?: readonly HostName[];
}

/** Tracks (clusters) run in parallel, the stages of a track in order. */
export interface Plan {
  readonly tracks: readonly (readonly Stage[])[];
  readonly same: readonly UnchangedResource[];
  readonly want: readonly DesiredHost[];
  /** VIPs, sites and daemons that are there now and will not be. */
  readonly disappearing?: readonly Disappearing[];
  /** Connections that are open when a VIP moves; absent: they are reset. */
  readonly grace?: PlannedGrace;
}

/** How connections that are open when a VIP moves are kept. */
export interface PlannedGrace {
  /** How long they live on at each move, at most. */
  readonly seconds: number;
  /** How often a host waits for them, as far as it is known when the plan is made: one after the other. */
  readonly moves: number;
  /** Hosts that cannot do it, and why: connections to a VIP that moves to one of them are reset. */
  readonly unable: readonly { readonly host: HostName; readonly why: string }[];
  /** Hosts that could take the VIPs and that the plan leaves alone: what they can do is seen when a VIP moves. */
  readonly beside: readonly HostName[];
}

/**
 * `released`: the host holds no VIP, and every VIP is held and answered by another.
 * `covered`: every VIP is held, and answered, by another host; this one may hold it too.
 * `overlapping`: two hosts hold a VIP, for as long as one takes over from the other.
 * `healthy`: the health check of the host itself finds nothing wrong.
 * `settled`: every VIP is back on the first member that is able to have it.
 */
export type CheckName =
  | 'released'
  | 'covered'
  | 'overlapping'
  | 'settled'
  | 'one-holder'
  | 'http'
  | 'foreign-vrrp'
  | 'address-in-use'
  | 'services'
  | 'healthy'
  | 'drained'
  | 'versions'
  | 'timers'
  | 'reachable'
  | 'hooks';

export interface Finding {
  readonly check: CheckName;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly host?: HostName;
  readonly vip?: string;
  readonly message: string;
  readonly hint?: string;
}
