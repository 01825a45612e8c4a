/** The difference between desired and fact as data, and the port through which it is made. */

import type {
  BuildNeed,
  BuildRecipe,
  DesiredHost,
  FileWant,
  HostName,
  Service,
  ServiceFound,
  Tarball,
} from './domain.ts';
import type { FirewallTool, PlacedRule } from './firewall.ts';
import type { KeptPaths, StateLabel } from './history.ts';
import type { drainedBy } from './layout.ts';

/** A verb with data, never a shell string: ssh/actions.ts turns it into sh, a fake host interprets it. */
export type Action =
  | { readonly do: 'install'; readonly manager: 'apt-get' | 'dnf' | 'yum'; readonly names: readonly string[] }
  | { readonly do: 'create-user'; readonly name: string }
  /** The operator's machine has downloaded and checked it; the host checks it again. */
  | { readonly do: 'upload'; readonly tarball: Tarball }
  /** The host downloads it, and checks it. */
  | { readonly do: 'fetch'; readonly tarball: Tarball }
  /** `needs`: what ./configure must not leave out. */
  | { readonly do: 'configure'; readonly recipe: BuildRecipe; readonly needs?: readonly BuildNeed[] }
  | { readonly do: 'make' | 'clean-build'; readonly recipe: BuildRecipe }
  /** `make install` into a directory of its own, packed; the bytes of the pack are the result. */
  | { readonly do: 'pack-build'; readonly recipe: BuildRecipe; readonly pack: Pack }
  /** Puts a pack in place, which haup brings. */
  | {
      readonly do: 'place-build';
      readonly recipe: BuildRecipe;
      readonly pack: Pack;
      readonly needs?: readonly BuildNeed[];
    }
  /** Keeps what haup is about to change: files, and the programs by further links to them. */
  | {
      readonly do: 'keep-state';
      readonly label: StateLabel;
      readonly services: readonly KeptPaths[];
      readonly firewall?: readonly PlacedRule[];
    }
  /** Puts back the program of a state that was kept; `newest`: of the state before this run. */
  | { readonly do: 'restore-build'; readonly service: Service; readonly state: number | 'newest' }
  /** `files` are the writes; `testing` is the whole set as it will be, which the daemon judges first. */
  | {
      readonly do: 'write';
      readonly service: Service;
      readonly binary: string;
      readonly entry: string;
      readonly files: readonly FileWrite[];
      readonly testing: readonly FileWant[];
    }
  | { readonly do: 'write-unit'; readonly service: Service; readonly file: FileWrite }
  /** Files that no daemon's test judges; systemd reads again what of them is its own: units, init scripts. */
  | { readonly do: 'put-files'; readonly files: readonly FileWrite[] }
  /**
   * `found`: how the service was before haup first touched it, to be remembered on the host. `idle`: VIPs that the
   * host must not hold at that moment, as it was drained for this; GATE_FAILED when it does, and nothing is done.
   */
  | {
      readonly do: 'service';
      readonly service: Service;
      readonly verb: ServiceVerb;
      readonly found?: ServiceFound;
      readonly idle?: readonly string[];
    }
  /** Takes away what a build put under its prefix and elsewhere; what was there before comes back. */
  | { readonly do: 'remove-build'; readonly service: Service; readonly prefix: string }
  /** Exactly these, and only those that nothing else needs. `purge`: with their configuration. */
  | {
      readonly do: 'remove-packages';
      readonly manager: 'apt-get' | 'dnf' | 'yum';
      readonly names: readonly string[];
      readonly purge: boolean;
    }
  | { readonly do: 'remove-user'; readonly name: string }
  /** Afterwards haup's own rules in it are exactly these, now and after a reboot; no other is touched. */
  | { readonly do: 'firewall'; readonly tool: FirewallTool; readonly rules: readonly PlacedRule[] }
  /** The last step of removing haup: what it remembers on the host goes. */
  | { readonly do: 'forget' }
  /** `atMs`: the moment by the host's own clock, ms since the epoch; null until it is agreed on. */
  | { readonly do: 'reload-together'; readonly service: Service; readonly atMs: number | null }
  /** Says to the network that these VIPs are here, for `forMs` around the agreed moment. */
  | {
      readonly do: 'announce';
      readonly addresses: readonly string[];
      readonly atMs: number | null;
      readonly forMs: number;
    }
  /** The host reads what it has not read yet, `afterMs` after the end of whoever has its lock, however that ends. */
  | { readonly do: 'entrust'; readonly service: Service; readonly afterMs: number }
  /** Lower the priority of every VRRP instance of the host; survives restarts and reboots. */
  | { readonly do: 'drain'; readonly by?: keyof typeof drainedBy }
  | { readonly do: 'undrain' }
  | { readonly do: 'break'; readonly fault: Fault; readonly deadMan: DeadMan }
  | { readonly do: 'restore'; readonly fault: Fault; readonly deadMan: DeadMan };

/** A finished build, as it travels from the host that made it to the others of the same platform. */
export interface Pack {
  /** Digest of recipe and platform: equal keys are interchangeable. */
  readonly key: string;
  /** Digest of the recipe, left with the build: by it a later plan knows what is installed. */
  readonly stamp: string;
  /** Installs the libraries that the build needs to run, where they are missing. */
  readonly manager: 'apt-get' | 'dnf' | 'yum' | null;
}

export type ServiceVerb = 'enable' | 'disable' | 'start' | 'stop' | 'restart' | 'reload';

/** What a drill does to a host, with its undo in ssh/actions.ts. */
export type Fault = { readonly kind: 'stop'; readonly service: Service } | { readonly kind: 'drain' };

/** A timer on the host that undoes the fault when nobody else does. */
export interface DeadMan {
  /** Name of the transient systemd timer. */
  readonly unit: string;
  readonly seconds: number;
}

export interface FileWrite {
  readonly path: string;
  /** A file on the host whose content comes before `bytes`. */
  readonly from?: string;
  /** `absent`: what haup found there comes back, or the file goes. */
  readonly bytes: Uint8Array | 'absent';
  readonly mode: number;
  readonly owner: string;
  readonly secret: boolean;
  /** The sha256 that the plan was made from, or `absent`: a host that has moved since gives PLAN_STALE. `any`: not looked at. */
  readonly expect: string;
}

export interface TextDiff {
  readonly path: string;
  /** Null: absent. Secrets are masked already. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface Change {
  /** Stable within a plan: `build:keepalived`, `config:nginx`. */
  readonly id: string;
  readonly title: string;
  /** What differs, in words: `nginx 1.20.1 is not installed`. */
  readonly why: string;
  readonly actions: readonly Action[];
  /** What must hold on this host before the next change. */
  readonly after?: readonly CheckName[];
  /** The VIPs that `after` is about; absent: all of the cluster. */
  readonly addresses?: readonly string[];
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

export interface Same {
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
export interface Together {
  readonly why: readonly string[];
  readonly expect: string;
}

/** What is done at once, and what must hold before the next stage. */
export interface Stage {
  readonly title: string;
  readonly together?: Together;
  /** Hosts in parallel; the changes of a host in order. */
  readonly work: readonly HostWork[];
  readonly gate: readonly CheckName[];
  /** The VIPs that the gate is about; absent: all of the cluster. */
  readonly addresses?: readonly string[];
  /** Those of them that `settled` is about: all their hosts are as wanted by then; absent: all. */
  readonly settling?: readonly string[];
}

/** Tracks (clusters) run in parallel, the stages of a track in order. */
export interface Plan {
  readonly tracks: readonly (readonly Stage[])[];
  readonly same: readonly Same[];
  readonly want: readonly DesiredHost[];
}

/**
 * `released`: the host holds no VIP, and every VIP is held and answered by another.
 * `overlapping`: two hosts hold a VIP, for as long as one takes over from the other.
 * `settled`: every VIP is back on the first member that is able to have it.
 */
export type CheckName =
  | 'released'
  | 'overlapping'
  | 'settled'
  | 'one-holder'
  | 'http'
  | 'services'
  | 'interface'
  | 'drained'
  | 'versions'
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

// ── the port ────────────────────────────────────────────────────────────────────────────────────

/** sh text that only reads. */
export type ReadScript = string & { readonly reads: true };

export interface ActResult {
  /** Combined text of the remote command, for the log. */
  readonly output: string;
  /** What `pack-build` made. */
  readonly pack?: Uint8Array;
}

/** Who has a lock, in words for the operator who finds it taken. */
export interface LockOwner {
  /** `ana@workstation` */
  readonly who: string;
  /** ISO 8601, by the owner's clock. */
  readonly since: string;
  /** The command line. */
  readonly why: string;
}

export interface HeldLock extends AsyncDisposable {
  /** Aborts, with a HaupError as its reason, when the lock is taken away. */
  readonly lost: AbortSignal;
}

/** A connected host. ssh/ implements it over SSH, test/fakes in memory; one contract suite runs on both. */
export interface Host {
  readonly name: HostName;
  /** Runs as root. Never changes anything. Rejects with a HaupError. */
  read(script: ReadScript, signal: AbortSignal): Promise<Uint8Array>;
  /** The same as a stream of lines; ends when the signal aborts, and the remote command ends with it. */
  watch(script: ReadScript, signal: AbortSignal): AsyncIterable<string>;
  /** The only way to change anything. `onLine` gets the output as it comes. */
  act(action: Action, signal: AbortSignal, onLine?: (line: string) => void): Promise<ActResult>;
  /** Takes the host's lock, or tells who has it. It ends with the connection, at the latest. */
  lock(owner: LockOwner, signal: AbortSignal): Promise<HeldLock | LockOwner>;
  /** Who has the host's lock; null: nobody. */
  lockOwner(signal: AbortSignal): Promise<LockOwner | null>;
  /** Takes the lock away from whoever has it. */
  breakLock(signal: AbortSignal): Promise<void>;
}
