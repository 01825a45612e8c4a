/** What can be done to a host. */

import type { PackageManager } from './package-manager.ts';
import type { BuildNeed, BuildRecipe, FileWant, Tarball } from './desired.ts';
import type { Service } from './domain.ts';
import type { ServiceFound } from './facts.ts';
import type { FirewallTool, PlacedRule } from './firewall-rules.ts';
import type { KeptPaths, StateLabel } from './kept-state.ts';
import type { DeadMan, Fault } from './fault.ts';
import type { drainedBy } from './layout.ts';

/** A verb with data, never a shell string: ssh/actions.ts turns it into sh, a fake host interprets it. */
export type Action =
  | { readonly do: 'install'; readonly manager: PackageManager; readonly names: readonly string[] }
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
  /** Removes what a build put under its prefix and elsewhere, and restores what was there before. */
  | { readonly do: 'remove-build'; readonly service: Service; readonly prefix: string }
  /** Exactly these, and only those that nothing else needs. `purge`: with their configuration. */
  | {
      readonly do: 'remove-packages';
      readonly manager: PackageManager;
      readonly names: readonly string[];
      readonly purge: boolean;
    }
  | { readonly do: 'remove-user'; readonly name: string }
  /** Afterwards haup's own rules in it are exactly these, now and after a reboot; no other is touched. */
  | { readonly do: 'firewall'; readonly tool: FirewallTool; readonly rules: readonly PlacedRule[] }
  /** The last step of removing haup: what it remembers on the host goes. */
  | { readonly do: 'forget' }
  /** `atMs`: the moment by the host's own clock, ms since it booted; null until it is agreed on. */
  | { readonly do: 'reload-together'; readonly service: Service; readonly atMs: number | null }
  /** Says to the network that these VIPs are here, for `forMs` around the agreed moment. */
  | {
      readonly do: 'announce';
      readonly addresses: readonly string[];
      readonly atMs: number | null;
      readonly forMs: number;
    }
  /** The host reads what it has not read yet, `afterMs` after the end of whoever has its lock, however that ends. */
  | {
      readonly do: 'entrust';
      readonly service: Service;
      readonly afterMs: number;
      /** When others read it, and give these VIPs up. */
      readonly announce?: {
        readonly addresses: readonly string[];
        readonly afterMs: number;
        readonly forMs: number;
      };
    }
  /** It does not. */
  | { readonly do: 'withdraw' }
  /**
   * A keepalived that looks at no drain file reads `bytes` instead of its configuration, in which every priority is
   * the lowest; `entry` has its own content again at once.
   */
  | {
      readonly do: 'stand-back';
      readonly unit: string;
      readonly entry: string;
      readonly bytes: Uint8Array;
      /** It has passwords. */
      readonly secret: true;
    }
  /** It reads its own configuration again. */
  | { readonly do: 'stand-up'; readonly unit: string }
  /** Stops and disables the unit that runs a service haup did not install, and remembers it. */
  | {
      readonly do: 'retire';
      readonly service: Service;
      readonly unit: string;
      readonly enabled: boolean;
    }
  /** It runs again, and starts at boot if it did. */
  | {
      readonly do: 'revive';
      readonly service: Service;
      readonly unit: string;
      readonly enabled: boolean;
    }
  /** These files, and the service, are no longer haup's: they belong to their former owner again. */
  | { readonly do: 'disown'; readonly service: Service; readonly files: readonly string[] }
  /** Lower the priority of every VRRP instance of the host; survives restarts and reboots. */
  | { readonly do: 'drain'; readonly by?: keyof typeof drainedBy }
  | { readonly do: 'undrain' }
  /** The old holder keeps answering for the VIP, to whoever still has a connection with it. */
  | { readonly do: 'grace-answer'; readonly grace: Grace }
  /** The new holder sends it what belongs to no connection of its own. `to`: the old holder's own address. */
  | { readonly do: 'grace-forward'; readonly grace: Grace; readonly to: string }
  | { readonly do: 'grace-end'; readonly vip: string }
  | { readonly do: 'break'; readonly fault: Fault; readonly deadMan: DeadMan }
  /** Does nothing if the drill has ended already. */
  | { readonly do: 'restore'; readonly fault: Fault; readonly deadMan: DeadMan }
  /** Undoes another run's drill, and disarms its timer. */
  | { readonly do: 'end-drill' };

/** A finished build, as it travels from the host that made it to the others of the same platform. */
export interface Pack {
  /** Digest of recipe and platform: equal keys are interchangeable. */
  readonly key: string;
  /** Digest of the recipe, left with the build: by it a later plan knows what is installed. */
  readonly stamp: string;
  /** Installs the libraries that the build needs to run, where they are missing. */
  readonly manager: PackageManager | null;
}

/** The time in which a host still serves the connections of a VIP that it has given up. */
export interface Grace {
  readonly vip: string;
  /** The interface of the VIP on this host. */
  readonly device: string;
  /** After this long the host ends it itself. */
  readonly seconds: number;
}

export type ServiceVerb = 'enable' | 'disable' | 'start' | 'stop' | 'restart' | 'reload';

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
