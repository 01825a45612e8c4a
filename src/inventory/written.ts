/**
 * The inventory as the file writes it, defaults filled in. schema.ts proves at compile time that what it
 * accepts is exactly this; build.ts turns it into the domain's Inventory.
 */

import type { HookName } from '../model/domain.ts';
import type { DrillName } from '../model/fault.ts';

export interface Written {
  readonly hosts: Readonly<Record<string, WrittenHost>>;
  readonly vips: readonly WrittenVip[];
  readonly vrrp: WrittenVrrp;
  readonly keepalived: WrittenKeepalived;
  readonly nginx: WrittenNginx;
  readonly hooks: WrittenHooks;
  readonly verify: { readonly allow: readonly DrillName[] };
  readonly build: { readonly on: 'first' | 'each' };
  readonly fetch: 'controller' | 'host';
  readonly packages: { readonly vault: boolean; readonly lock_wait: number };
  readonly firewall: 'open' | 'leave';
}

export interface WrittenHost {
  readonly address?: string | undefined;
  readonly interface?: string | undefined;
  readonly ssh: WrittenSsh;
  readonly ansible_host?: string | undefined;
  readonly ansible_port?: number | undefined;
  readonly ansible_user?: string | undefined;
}

interface WrittenSsh {
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly identity_file?: string | undefined;
  readonly jump?: string | undefined;
  readonly host_key?: string | undefined;
  readonly password?: string | undefined;
  readonly sudo_password?: string | undefined;
}

export interface WrittenVip {
  readonly name?: string | undefined;
  readonly address: string;
  readonly hosts: readonly string[];
  readonly virtual_router_id?: number | undefined;
  readonly priorities?: readonly number[] | undefined;
  readonly advert_int?: number | undefined;
  readonly interface?: string | undefined;
}

interface WrittenVrrp {
  readonly version: 2 | 3;
  readonly advert_int: number;
  readonly priorities: readonly number[];
  readonly auth_pass?: string | undefined;
  readonly profile: 'default' | 'documented';
  readonly unicast: boolean;
  readonly preempt_delay: number;
  readonly garp_master_refresh: number;
  readonly check: WrittenCheck;
}

interface WrittenCheck {
  readonly enabled: boolean;
  readonly interval: number;
  readonly timeout: number;
  readonly fall: number;
  readonly rise: number;
}

export interface WrittenSoftware {
  readonly version: string;
  readonly from: 'source' | 'package';
  readonly prefix: string;
  readonly configure: readonly string[];
  readonly sha256?: string | undefined;
  readonly urls: readonly string[];
}

interface WrittenKeepalived extends WrittenSoftware {
  readonly service: 'systemd' | 'sysv';
}

interface WrittenNginx extends WrittenSoftware {
  readonly worker_processes: number | 'auto';
  readonly worker_connections: number;
  readonly health_port: number;
  readonly sites: readonly WrittenSite[];
}

export interface WrittenSite {
  readonly name: string;
  readonly listen: readonly (number | string)[];
  readonly server_names: readonly string[];
  readonly root?: string | undefined;
  readonly proxy?: readonly string[] | undefined;
  readonly stream?: readonly string[] | undefined;
  readonly file?: string | undefined;
}

export type WrittenHooks = { readonly [K in HookName]?: string | undefined } & { readonly timeout: number };

/** What is left of a part of the file when the keys with errors of their own are taken away. */
export type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The parts that the rules look at; a wrong value is absent here and reported elsewhere. */
export interface Parts {
  /** Null when the file has no map of hosts at all. */
  readonly hosts: ReadonlyMap<string, Loose<WrittenHost>> | null;
  readonly vips: readonly Loose<WrittenVip>[];
  readonly vrrp: Loose<Omit<WrittenVrrp, 'check'>>;
  readonly check: Loose<WrittenCheck>;
  readonly keepalived: Loose<WrittenKeepalived>;
  readonly sites: readonly Loose<WrittenSite>[];
}

/** Keys from the top of the file to a value. */
export type Path = readonly (string | number)[];

/** A mistake at a place in the file. `at` points at the key itself instead of its value. */
export interface Violation {
  readonly path: Path;
  readonly at?: 'key' | 'value';
  readonly message: string;
  readonly hint?: string | undefined;
}
