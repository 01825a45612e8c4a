/**
 * The words of the domain as types. An inventory is validated once, where it is read, and trusted
 * everywhere after. Everything here is plain data: no methods, no I/O.
 */

import type { DrillName } from './fault.ts';
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
  readonly verify: Measuring;
  /** Seconds that connections live on when their VIP moves; 0: they are reset. */
  readonly grace: number;
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

/** How haup verify, failover and failback measure. */
export interface Measuring {
  /** The drills that may be made on these hosts. */
  readonly allow: readonly DrillName[];
  /** Requests a second to each VIP; null: as many as what they ask can bear. */
  readonly rate: number | null;
  /** How many connections of each kind are held open meanwhile. */
  readonly connections: number;
}

export const leastRate = 20;
/** An interval of a millisecond: no VRRP timer is finer than ten of them. */
export const mostRate = 1000;

/** So that all four kinds together stay below the 512 connections that a worker of nginx has by default. */
export const mostConnections = 100;

/** A day. */
export const longestGraceSeconds = 86_400;

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
  /** `documented` renders what the source document has and nothing more; `fast` has other defaults. */
  readonly profile: 'default' | 'fast' | 'documented';
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
  /** `sysv`: by the init script of the source tree instead of a unit. */
  readonly service: 'systemd' | 'sysv';
}

export interface NginxSoftware extends Software {
  readonly workerProcesses: number | 'auto';
  readonly workerConnections: number;
  /** Seconds that workers of before a reload go on with their connections. */
  readonly shutdownTimeout: number;
  /** Where haup's own server answers on 127.0.0.1, whatever the sites are. */
  readonly healthPort: number;
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
    /** TCP connections, passed on as they are. */
    | { readonly kind: 'stream'; readonly upstreams: readonly string[] }
    | { readonly kind: 'file'; readonly path: string; readonly text: string };
}
