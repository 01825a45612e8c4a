/** Lays the overlay of a lab over an inventory, and reports what it replaced. */

import type { Override } from '../model/domain.ts';
import { dotted, valueAt } from './explain.ts';
import { secretKeys } from './schema.ts';
import type { Path } from './violation.ts';
import { isMap, type YamlMap } from './yaml-map.ts';

/**
 * Merges maps and replaces everything else. Hosts that only the overlay has are left out: a lab serves every
 * inventory of its hosts, and never adds a host to one.
 */
export function lay(base: unknown, overlay: unknown): unknown {
  if (!isMap(base) || !isMap(overlay)) return base;
  const hosts = isMap(base['hosts']) ? base['hosts'] : {};
  const kept = isMap(overlay['hosts'])
    ? {
        ...overlay,
        hosts: Object.fromEntries(
          Object.entries(overlay['hosts']).filter(([name]) => Object.hasOwn(hosts, name)),
        ),
      }
    : overlay;
  const merged = merge(base, kept) as Record<string, unknown>;
  for (const service of ['keepalived', 'nginx']) {
    // A pinned digest belongs to the version it was written with.
    const [was, now] = [base[service], kept[service]];
    if (
      isMap(was) &&
      isMap(now) &&
      now['version'] !== undefined &&
      now['version'] !== was['version'] &&
      now['sha256'] === undefined
    ) {
      const { sha256: _, ...rest } = merged[service] as YamlMap;
      merged[service] = rest;
    }
  }
  return merged;
}

function merge(base: unknown, over: unknown): unknown {
  if (!isMap(over)) return over;
  if (base !== undefined && base !== null && !isMap(base)) return over;
  const from = base ?? {};
  const result: Record<string, unknown> = { ...from };
  for (const [key, value] of Object.entries(over)) {
    result[key] = merge(Object.hasOwn(from, key) ? from[key] : undefined, value);
  }
  return result;
}

/**
 * Each value that differs between the two, and that the first one sets or has as a default.
 * Both are inventories as written with their defaults.
 */
export function overrides(without: unknown, merged: unknown, overlay: unknown, by: string): Override[] {
  return leaves(overlay, []).flatMap((path): Override[] => {
    const [was, now] = [valueAt(without, path), valueAt(merged, path)];
    const secret = secretKeys.has(String(path.at(-1)));
    const [wasText, nowText] = [say(was, secret), say(now, secret)];
    if (was === undefined || now === undefined || wasText === nowText) return [];
    return [{ key: dotted(path), was: wasText, now: nowText, by }];
  });
}

function leaves(value: unknown, path: Path): Path[] {
  if (!isMap(value)) return path.length === 0 ? [] : [path];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key]));
}

function say(value: unknown, secret: boolean): string {
  if (secret) return String(value).replace(/^(env:\w+):-.*$/s, '$1:-***');
  if (Array.isArray(value))
    return `[${value.map((each) => (isMap(each) ? '{…}' : String(each))).join(', ')}]`;
  return String(value);
}
