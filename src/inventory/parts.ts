/** An inventory that has been checked: as written, or what is wrong with it; and the parts that the rules look at. */

import type { Written, WrittenHost, WrittenSite, WrittenVip } from './schema.ts';
import type { Violation } from './violation.ts';

/** What is left of a part of the file without the keys that have errors of their own. */
export type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A wrong value is absent here: the schema reports it. */
export interface Parts {
  /** Null when the file has no map of hosts at all. */
  readonly hosts: ReadonlyMap<string, Loose<WrittenHost>> | null;
  readonly vips: readonly Loose<WrittenVip>[];
  readonly vrrp: Loose<Omit<Written['vrrp'], 'check'>>;
  readonly check: Loose<Written['vrrp']['check']>;
  readonly keepalived: Loose<Written['keepalived']>;
  readonly sites: readonly Loose<WrittenSite>[];
}

export interface Accepted {
  readonly ok: true;
  readonly written: Written;
  readonly parts: Parts;
}

export type Checked =
  | Accepted
  | { readonly ok: false; readonly violations: readonly Violation[]; readonly parts: Parts };

/** Of an inventory without errors, which is all parts. */
export function accepted(written: Written): Accepted {
  const { hosts, vips, vrrp, keepalived, nginx } = written;
  const { check } = vrrp;
  return {
    ok: true,
    written,
    parts: { hosts: new Map(Object.entries(hosts)), vips, vrrp, check, keepalived, sites: nginx.sites },
  };
}
