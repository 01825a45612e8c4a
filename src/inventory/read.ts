/** The text of an inventory → Inventory, or every mistake in it at its place. Pure: the caller supplies files and secrets. */

import { posix } from 'node:path';
import type { Inventory } from '../model/domain.ts';
import { services } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Secret } from '../model/secret.ts';
import { build, type Sources } from './build-inventory.ts';
import { type Parsed, parseYaml } from './document.ts';
import { explain } from './explain.ts';
import { listenRules } from './listen-rules.ts';
import { lay, overrides } from './overlay.ts';
import { inventoryError, type Problem } from './problem.ts';
import { authPassProblem, rules } from './rules.ts';
import { validate } from './validate.ts';
import type { Path, Violation } from './violation.ts';
import { isMap } from './yaml-map.ts';

export interface ReadOptions {
  /** A reference → its secret; throws SECRET_MISSING. */
  readonly resolveSecret: (reference: string) => Secret;
  /** The text of a site's file, by its path relative to the inventory; throws a HaupError. */
  readonly readText: (path: string) => string;
  /** A second document whose values replace the inventory's; `by` says whose it is. */
  readonly overlay?: { readonly text: string; readonly file: string; readonly by: string } | undefined;
}

/**
 * Throws INVENTORY_INVALID with every problem in the text, or SECRET_MISSING with every secret that was not
 * found. Secrets are resolved only when all else is right, since a reference may run a command.
 */
export function readInventory(text: string, file: string, options: ReadOptions): Inventory {
  const base = parseYaml(text, file);
  const over = options.overlay && parseYaml(options.overlay.text, options.overlay.file);
  const syntax = [...base.problems, ...(over?.problems ?? [])];
  if (syntax.length > 0 && (base.value === null || over?.value === null)) throw inventoryError(syntax);

  if (over && over.value !== null && !isMap(over.value)) {
    const message = 'an overlay must be a map of the keys it replaces';
    throw inventoryError([place({ path: [], message }, [over])]);
  }

  const value = over === undefined ? base.value : lay(base.value, over.value);
  const layers = over === undefined ? [base] : [over, base];
  if (value === null)
    throw inventoryError([place({ path: [], message: 'the inventory is empty', hint: start }, layers)]);

  const checked = validate(value);
  const violations = [...(checked.ok ? [] : explain(checked.issues, value)), ...rules(checked.parts)];
  const problems = [...syntax, ...violations.map((violation) => place(violation, layers))];
  if (!checked.ok || problems.length > 0) throw inventoryError(problems);

  const missing: Problem[] = [];
  const invalid: Problem[] = [];
  const built = build(checked.written, file, sourcesOf(options, layers, missing, invalid));
  // An overlay sets keys for both ways of installing: only the inventory's own keys can be unused.
  const inventory = { ...built, unused: unusedKeys(base.value, built) };
  const authPass = inventory.vrrp.authPass && authPassProblem(inventory.vrrp.authPass.reveal());
  if (authPass) {
    const message = `the password from ${inventory.vrrp.authPass?.source} ${authPass}`;
    invalid.push(place({ path: ['vrrp', 'auth_pass'], message, hint: 'Use 8 letters and digits.' }, layers));
  }
  // The servers of a file that could not be read are unknown.
  if (invalid.length === 0) invalid.push(...listenRules(inventory).map((one) => place(one, layers)));
  if (invalid.length > 0) throw inventoryError([...invalid, ...missing]);
  if (missing.length > 0) throw inventoryError(missing, 'SECRET_MISSING');
  if (over === undefined || options.overlay === undefined) return inventory;

  const alone = validate(base.value);
  const without = alone.ok ? alone.written : base.value;
  return { ...inventory, overridden: overrides(without, checked.written, over.value, options.overlay.by) };
}

/** These keys are for builds; a package is as the distribution made it. */
function unusedKeys(value: unknown, inventory: Inventory): readonly string[] {
  return services.flatMap((service) => {
    if (inventory[service].from === 'source') return [];
    const written = Object.keys((value as Readonly<Record<string, object | null>>)[service] ?? {});
    return ['prefix', 'configure', 'sha256', 'urls']
      .filter((key) => written.includes(key))
      .map((key) => `${service}.${key}`);
  });
}

const start = 'An inventory needs hosts and vips; inventory.example.yaml shows every key.';

/** Each failure becomes a problem at the place that asked, so that all are shown at once. */
function sourcesOf(
  options: ReadOptions,
  layers: readonly Parsed[],
  missing: Problem[],
  invalid: Problem[],
): Sources {
  const attempt = <T>(path: Path, problems: Problem[], fallback: T, get: () => T): T => {
    try {
      return get();
    } catch (error) {
      if (!(error instanceof HaupError)) throw error;
      problems.push(place({ path, message: error.message, hint: error.hint }, layers));
      return fallback;
    }
  };
  return {
    secret: (reference, path) =>
      reference === undefined ? null : attempt(path, missing, null, () => options.resolveSecret(reference)),
    text: (name, path) => attempt(path, invalid, '', () => options.readText(name)),
    local: (name, path) => {
      if (/^[/~]/.test(name)) return name;
      const layer = layers.find((each) => each.locate(path, 'value') !== undefined);
      return posix.join(posix.dirname(layer?.source.file ?? '.'), name);
    },
  };
}

/** Where the text has the violation: in the overlay if that wrote it; a missing key where its map begins. */
function place({ path, at = 'value', message, hint }: Violation, layers: readonly Parsed[]): Problem {
  for (let length = path.length; length >= 0; length--) {
    const parent = path.slice(0, length);
    for (const layer of length === path.length ? layers : [...layers].reverse()) {
      const span = layer.locate(parent, length === path.length ? at : 'key');
      if (span === undefined) continue;
      // For a missing key, point at the start of its map.
      const end = length === path.length ? span.end : span.start + 1;
      return { source: layer.source, start: span.start, end, message, hint };
    }
  }
  const last = layers[layers.length - 1] as Parsed;
  return { source: last.source, start: 0, end: 0, message, hint };
}
