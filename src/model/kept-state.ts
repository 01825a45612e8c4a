/** States of a host that were kept before it was changed: data of `haup history` and `haup rollback`. */

import type { Service } from './domain.ts';
import type { FileFact, SoftwareFacts } from './facts.ts';
import type { PlacedRule } from './firewall-rules.ts';

/** Which files of a host make up the state of a service. */
export interface KeptPaths {
  readonly service: Service;
  /** The program that tests and runs the files. */
  readonly binary: string;
  /** Where it was built for; null: a package brings it, and keeps its own history. */
  readonly prefix: string | null;
  /** The file that the daemon reads first. */
  readonly entry: string;
  /** Configuration, also what does not exist yet. */
  readonly files: readonly string[];
  /** Directories in which every file belongs to it. */
  readonly owns: readonly string[];
  readonly unit: string;
  /** By which it is registered too, where an init script does it; `ours`: haup's at that time. */
  readonly init?: readonly { readonly path: string; readonly ours: boolean }[];
  /** How it ran before haup took it over; `unit` is its systemd unit. */
  readonly stranger?: { readonly unit: string; readonly enabled: boolean };
}

/** Before which change a state was kept. */
export interface StateLabel {
  /** The same for all hosts of one run. */
  readonly run: string;
  /** `ana@workstation` */
  readonly who: string;
  /** ISO 8601, by the clock of the operator's machine. */
  readonly when: string;
  /** The command line. */
  readonly why: string;
  readonly inventory: string;
  /** Titles of the changes that followed. */
  readonly changes: readonly string[];
}

/** The program of a service, as it was. */
export interface KeptBuild {
  /** Digest of the program and of its recipe. */
  readonly id: string;
  readonly software: SoftwareFacts;
  /** Its files are on the host, so that it comes back without being compiled. */
  readonly kept: boolean;
}

export interface KeptState {
  /** Counts up on each host. */
  readonly number: number;
  readonly label: StateLabel;
  /** A service comes twice when the change installs it in another way: first as it was, then as it will be. */
  readonly services: readonly KeptPaths[];
  /** Every path of `services`; one that did not exist is absent. */
  readonly files: Readonly<Record<string, FileFact>>;
  /** Null: there was no program, or a package's. */
  readonly builds: Readonly<Record<Service, KeptBuild | null>>;
  /** The rules that haup had there. */
  readonly firewall?: readonly PlacedRule[];
}

/** What a host keeps. */
export interface KeptHistory {
  /** Newest first. */
  readonly states: readonly KeptState[];
  /** Numbers of states whose metadata is damaged, or of another version of haup. */
  readonly unreadable: readonly number[];
}
