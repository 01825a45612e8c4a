/** Plain data → the inventory as written, or what is wrong with it, and always the parts that are well formed. */

import { z } from 'zod';
import { withProfile } from './profile.ts';
import { schema, type Written, type WrittenHost, type WrittenSite, type WrittenVip } from './schema.ts';
import type { Path } from './violation.ts';
import { isMap } from './yaml-map.ts';

/** What is left of a part of the file without the keys that have errors of their own. */
export type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The parts that the rules look at; a wrong value is absent here and reported by the schema. */
export interface Parts {
  /** Null when the file has no map of hosts at all. */
  readonly hosts: ReadonlyMap<string, Loose<WrittenHost>> | null;
  readonly vips: readonly Loose<WrittenVip>[];
  readonly vrrp: Loose<Omit<Written['vrrp'], 'check'>>;
  readonly check: Loose<Written['vrrp']['check']>;
  readonly keepalived: Loose<Written['keepalived']>;
  readonly sites: readonly Loose<WrittenSite>[];
}

/** Why the schema refuses a value; `keys` are the unknown keys when that is the reason. */
export interface Issue {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly keys: readonly string[];
}

export type Validated =
  | { readonly ok: true; readonly written: Written; readonly parts: Parts }
  | { readonly ok: false; readonly issues: readonly Issue[]; readonly parts: Parts };

export function validate(value: unknown): Validated {
  const result = schema().all.safeParse(value);
  const parts = salvage(value);
  if (result.success) return { ok: true, written: result.data, parts };
  return {
    ok: false,
    parts,
    issues: result.error.issues.map((issue) => ({
      code: issue.code,
      path: issue.path.map((step) => (typeof step === 'number' ? step : String(step))),
      message: issue.message,
      keys: issue.code === 'unrecognized_keys' ? issue.keys : [],
    })),
  };
}

function salvage(value: unknown): Parts {
  const { host, vip, vrrp, check, site, keepalived } = schema();
  const top = asMap(value);
  const hosts = top['hosts'];
  const settings = withProfile(top['vrrp']);
  return {
    hosts: isMap(hosts) ? new Map(Object.entries(hosts).map(([key, each]) => [key, keep(host, each)])) : null,
    vips: asList(top['vips']).map((each) => keep(vip, each)),
    vrrp: keep(vrrp, settings),
    check: keep(check, asMap(settings)['check']),
    keepalived: keep(keepalived, top['keepalived']),
    sites: asList(asMap(top['nginx'])['sites']).map((each) => keep(site, each)),
  };
}

/** Every well-formed key, with its default. */
function keep<S extends z.core.$ZodShape>(shape: S, value: unknown): { [K in keyof S]?: z.output<S[K]> } {
  const from = asMap(value);
  const kept: Record<string, unknown> = {};
  for (const [key, type] of Object.entries(shape)) {
    const result = z.safeParse(type, from[key]);
    if (result.success) kept[key] = result.data;
  }
  return kept as { [K in keyof S]?: z.output<S[K]> };
}

const asMap = (value: unknown): Record<string, unknown> => (isMap(value) ? value : {});
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
