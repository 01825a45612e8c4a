/** Plain data → the inventory as written, or what is wrong with it and the parts that are well formed. By zod: see accept.ts. */

import { z } from 'zod';
import { explain } from './explain.ts';
import { accepted, type Checked, type Parts } from './parts.ts';
import { withProfile } from './profile.ts';
import { schema } from './schema.ts';
import { isMap } from './yaml-map.ts';

export function validate(value: unknown): Checked {
  const result = schema().all.safeParse(value);
  if (result.success) return accepted(result.data);
  const issues = result.error.issues.map((issue) => ({
    code: issue.code,
    path: issue.path.map((step) => (typeof step === 'number' ? step : String(step))),
    message: issue.message,
    keys: issue.code === 'unrecognized_keys' ? issue.keys : [],
  }));
  return { ok: false, violations: explain(issues, value), parts: salvage(value) };
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
