/** What the inventory asks of a host, as data: what a host is compared with. */

import type { HostName, Service } from './domain.ts';
import type { FirewallRule, FirewallTool } from './firewall-rules.ts';
import type { Socket } from './socket.ts';

/** What a host should be: absolute, no verbs, no I/O. Applied in the order of the list. */
export type Resource =
  /** Where packages come from, put right before any is installed. */
  | { readonly kind: 'repos'; readonly files: readonly FileWant[] }
  /** `for`: needed to run, or only while the named software is built. */
  | { readonly kind: 'package'; readonly names: readonly string[]; readonly for: 'run' | Service }
  | { readonly kind: 'user'; readonly name: string; readonly for: string }
  /**
   * `interfaces`: those that VRRP runs on; `complete`: the addresses of all peers are known, and so is what is
   * not wanted any more; `files`: what makes the rules last, where the tool has no place for that.
   */
  | {
      readonly kind: 'firewall';
      readonly tool: FirewallTool;
      readonly rules: readonly FirewallRule[];
      readonly interfaces: readonly string[];
      readonly complete: boolean;
      readonly files: readonly FileWant[];
    }
  | { readonly kind: 'build'; readonly recipe: BuildRecipe; readonly needs?: readonly BuildNeed[] }
  | { readonly kind: 'config'; readonly set: ConfigSet }
  | { readonly kind: 'unit'; readonly service: Service; readonly file: FileWant }
  /** Registered by an init script, of which systemd makes the unit; `unit` is a drop-in then. */
  | { readonly kind: 'init'; readonly service: Service; readonly files: readonly FileWant[] }
  | {
      readonly kind: 'service';
      readonly service: Service;
      readonly enabled: boolean;
      readonly running: boolean;
      /** Where it is to listen. */
      readonly sockets?: readonly Socket[];
    };

/** Everything that decides what a build is; two equal recipes make the same binary on one platform. */
export interface BuildRecipe {
  readonly software: Service;
  readonly version: string;
  readonly prefix: string;
  /** All options of ./configure, `--prefix` first. */
  readonly configure: readonly string[];
  readonly tarball: Tarball;
  /** The configuration file over which `make install` may put a sample: it is kept as it is. */
  readonly entry: string;
}

/** What the rendered configuration asks of a build. */
export interface BuildNeed {
  /** In the words of what ./configure leaves: `http_ssl_module`, `Use VRRP Framework`. */
  readonly feature: string;
  /** What asks for it: `the site app, which passes requests on`. */
  readonly for: string;
}

export interface Tarball {
  /** `keepalived-2.2.4.tar.gz` */
  readonly name: string;
  readonly urls: readonly string[];
  readonly sha256: string;
}

/** All files of one service: staged together, tested by the daemon that reads them, swapped together. */
export interface ConfigSet {
  readonly service: Service;
  readonly files: readonly FileWant[];
  /** Absolute path of the binary that tests the staged set. */
  readonly binary: string;
  /** The file that the daemon reads first. */
  readonly entry: string;
  /** Directories in which every file is haup's: one that is not in `files` is removed. */
  readonly owns: readonly string[];
}

export interface FileWant {
  readonly path: string;
  /** A file on the host whose content comes before `bytes`. */
  readonly from?: string;
  readonly bytes: Uint8Array;
  /** For example 0o640. */
  readonly mode: number;
  /** `root:root` */
  readonly owner: string;
  /** True: its lines never appear in a diff or a log in clear. */
  readonly secret: boolean;
}

export interface DesiredHost {
  readonly host: HostName;
  readonly resources: readonly Resource[];
}
