/**
 * The words of the domain as types. An inventory is validated once, where it is read, and trusted
 * everywhere after. Everything here is plain data: no methods, no I/O.
 */

import type { FirewallFacts, FirewallRule, FirewallTool } from './firewall.ts';
import type { Secret } from './secret.ts';

/** The name of a host as the inventory writes it, for example `keep_136`. */
export type HostName = string;
export type Service = 'keepalived' | 'nginx';
export const services: readonly Service[] = ['keepalived', 'nginx'];

/** An address with its prefix length; `prefix` is null when the inventory wrote none. */
export interface Cidr {
  readonly address: string;
  readonly prefix: number | null;
}

export interface Inventory {
  /** The file it was read from, for messages. */
  readonly file: string;
  readonly hosts: readonly HostSpec[];
  readonly vips: readonly Vip[];
  readonly vrrp: Vrrp;
  readonly keepalived: KeepalivedSoftware;
  readonly nginx: NginxSoftware;
  readonly hooks: Hooks;
  /** `first`: one host of a platform builds for all. */
  readonly build: { readonly on: 'first' | 'each' };
  /** Who downloads the tarballs. */
  readonly fetch: 'controller' | 'host';
  /** `vault`: systems whose mirrors are gone install from the vault. `lockWait`: seconds that another run is waited for. */
  readonly packages: { readonly vault: boolean; readonly lockWait: number };
  /** `open`: haup lets through an active firewall what VRRP and nginx need; `leave`: the operator has done it. */
  readonly firewall: 'open' | 'leave';
  /** Keys that the file has and that nothing uses, dotted: shown to the operator on every run. */
  readonly unused: readonly string[];
  /** Values that an overlay (a lab's) replaced: shown to the operator on every run. */
  readonly overridden: readonly Override[];
}

/** Command lines that haup runs on the operator's machine, with what happens as JSON on stdin. */
export interface Hooks {
  readonly commands: Readonly<Partial<Record<HookName, string>>>;
  /** Seconds that each may take. */
  readonly timeout: number;
}

export const hookNames = [
  'before_apply',
  'after_apply',
  'before_host',
  'after_host',
  'before_failover',
  'after_failover',
] as const;
export type HookName = (typeof hookNames)[number];

export interface Override {
  /** Dotted path of the key, `keepalived.version`. */
  readonly key: string;
  readonly was: string;
  readonly now: string;
  /** Who says so, for example `lab haup`. */
  readonly by: string;
}

export interface HostSpec {
  readonly name: HostName;
  /** An IP address, a DNS name, or an alias of ~/.ssh/config. */
  readonly address: string;
  /** Null: the interface whose subnet holds the VIP. */
  readonly interface: string | null;
  readonly ssh: SshSettings;
}

/** What the inventory says about reaching a host; null and empty mean: as `ssh -G` says. */
export interface SshSettings {
  readonly user: string | null;
  readonly port: number | null;
  readonly identityFile: string | null;
  /** `[user@]host[:port]` of a jump host, several separated by commas, as ssh's ProxyJump. */
  readonly jump: string | null;
  /** A pinned fingerprint, `SHA256:…`; wins over known_hosts files. */
  readonly hostKey: string | null;
  readonly password: Secret | null;
  readonly sudoPassword: Secret | null;
}

/** One virtual IP: one vrrp_instance, one VRID. */
export interface Vip {
  /** keepalived's instance name, `VI_1`. */
  readonly name: string;
  readonly address: Cidr;
  readonly virtualRouterId: number;
  /** In order of preference: the first is the master. */
  readonly members: readonly [Member, Member, ...Member[]];
  /** Seconds between adverts. */
  readonly advertInt: number;
}

export interface Member {
  readonly host: HostName;
  /** VRRP priority, 1 to 254. */
  readonly priority: number;
  /** Null: the host's interface. */
  readonly interface: string | null;
}

export interface Vrrp {
  /** 2 carries a clear-text password and whole-second adverts; 3 has neither. */
  readonly version: 2 | 3;
  /** `documented` renders what the source document has and nothing more. */
  readonly profile: 'default' | 'documented';
  readonly authPass: Secret | null;
  readonly unicast: boolean;
  /** Seconds a returning master waits before it takes its VIP back; 0 = none. */
  readonly preemptDelay: number;
  /** Seconds between gratuitous ARP refreshes of the holder; 0 = none. */
  readonly garpMasterRefresh: number;
  readonly check: HealthCheck;
}

/** The HTTP health check of nginx that keepalived runs. Times in seconds. */
export interface HealthCheck {
  readonly enabled: boolean;
  readonly interval: number;
  readonly timeout: number;
  readonly fall: number;
  readonly rise: number;
}

export interface Software {
  readonly version: string;
  readonly from: 'source' | 'package';
  readonly prefix: string;
  /** Options of ./configure after --prefix. */
  readonly configure: readonly string[];
  /** Null: haup's own table of known releases. */
  readonly sha256: string | null;
  /** URLs of the tarball, tried in order; `{version}` already replaced. http:, https: or file:. */
  readonly urls: readonly string[];
}

export interface KeepalivedSoftware extends Software {
  /** `sysv`: by the init script of the source tree, in place of a unit. */
  readonly service: 'systemd' | 'sysv';
}

export interface NginxSoftware extends Software {
  readonly workerProcesses: number | 'auto';
  readonly workerConnections: number;
  readonly sites: readonly Site[];
}

export interface Site {
  readonly name: string;
  readonly listen: readonly string[];
  readonly serverNames: readonly string[];
  readonly serves:
    | { readonly kind: 'page' }
    | { readonly kind: 'root'; readonly path: string }
    | { readonly kind: 'proxy'; readonly upstreams: readonly string[] }
    | { readonly kind: 'file'; readonly path: string; readonly text: string };
}

// ── desired ─────────────────────────────────────────────────────────────────────────────────────

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

// ── facts ───────────────────────────────────────────────────────────────────────────────────────

/** What to ask of a host, so that one round trip is enough. */
export interface FactsRequest {
  /** Package names to look up, by kind of package database. */
  readonly packages: { readonly deb: readonly string[]; readonly rpm: readonly string[] };
  /** Of these, where they are not installed, also the version that would be. */
  readonly offers?: readonly string[];
  readonly users: readonly string[];
  readonly files: readonly string[];
  /** Every file in these is reported. */
  readonly directories: readonly string[];
  readonly binaries: Readonly<Record<Service, { readonly path: string; readonly prefix: string }>>;
  /** Ask for the firewall too. */
  readonly firewall?: boolean;
}

/** How a host is now: plain data, gathered in one round trip. */
export interface HostFacts {
  readonly host: HostName;
  /** The machine's own words. */
  readonly hostname: string;
  readonly machineId: string;
  readonly os: OsFacts;
  readonly arch: string;
  readonly cpus: number;
  /** Milliseconds since the epoch by the host's own clock. */
  readonly clockMs: number;
  readonly systemd: boolean;
  readonly packageManager: 'apt-get' | 'dnf' | 'yum' | null;
  /** Installed packages among those asked for: name → version. */
  readonly packages: Readonly<Record<string, string>>;
  /** Name → version that would be installed, where the package manager tells it at once (apt-get). */
  readonly offered?: Readonly<Record<string, string>>;
  /** Users among those asked for that exist. */
  readonly users: readonly string[];
  readonly interfaces: readonly InterfaceFacts[];
  readonly files: Readonly<Record<string, FileFact>>;
  readonly services: Readonly<Record<Service, ServiceFacts>>;
  readonly software: Readonly<Record<Service, SoftwareFacts | null>>;
  /** Bytes free under /usr/local, /tmp and /etc. */
  readonly free: Readonly<Record<string, number>>;
  readonly libraries: { readonly openssl: string | null; readonly pcre1: boolean; readonly pcre2: boolean };
  /** Services whose files were swapped but that have not read them yet: an apply was cut off there. */
  readonly unread: readonly Service[];
  /** The number in the drain file; 0 or null: not drained. */
  readonly drain: number | null;
  readonly record: HostRecord;
  /** Null: none is active and none has rules of haup's, or it was not asked for. */
  readonly firewall: FirewallFacts | null;
}

/** What the host remembers of what haup has put there, so that it can be taken away again. */
export interface HostRecord {
  readonly files: readonly string[];
  readonly users: readonly string[];
  /** Those that haup asked for, and those that came with them. */
  readonly packages: readonly string[];
  readonly builds: readonly { readonly service: Service; readonly prefix: string }[];
  /** How a service was before haup first touched it; absent: it has not. */
  readonly services: Readonly<Partial<Record<Service, ServiceFound>>>;
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
      /** Null when the file is too large to be worth carrying. Secret files are masked where they are shown. */
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
  /** Milliseconds since the epoch when it became active; 0 when it is not. */
  readonly activeSinceMs: number;
  /** Path of the running main program, or empty. */
  readonly program: string;
}

export interface SoftwareFacts {
  readonly path: string;
  /** The file that `path` leads to, as /proc names what runs */
  readonly program?: string;
  readonly version: string;
  /** The options that its `-v` / `-V` reports. */
  readonly configure: readonly string[];
  /** Digest of the recipe that haup built it from; null when haup did not. */
  readonly stamp: string | null;
}
