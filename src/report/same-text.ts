/** What a plan leaves as it is, and why. */

import type { Plan } from '../model/plan.ts';
import { oneLine } from '../base/printable.ts';
import { hanging, wrap } from './columns.ts';
import { hostLines, type PlanTextOptions } from './plan-layout.ts';
import type { Style } from './style.ts';

/** One line that counts, or with `verbose` each thing and why it stays. */
export function sameLines(plan: Plan, style: Style, options: PlanTextOptions): readonly string[] {
  if (plan.same.length === 0) return [];
  if (options.verbose) return [style.bold('As it should be'), ...reasonLines(plan, style, options), ''];
  const found = new Map<string, number>();
  for (const { host } of plan.same) found.set(host, (found.get(host) ?? 0) + 1);
  const counts = [...found].map(([host, resources]) => `${resources} on ${oneLine(host)}`);
  const text = `As it should be already: ${counts.join(', ')} (--verbose lists them).`;
  return [...wrap(text, options.width).map(style.dim), ''];
}

/** Each reason once, with the hosts that it holds for. */
export function reasonLines(plan: Plan, style: Style, options: PlanTextOptions): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const { host, what } of plan.same) {
    const key = oneLine(what);
    const hosts = reasons.get(key);
    if (hosts === undefined) reasons.set(key, [oneLine(host)]);
    else hosts.push(oneLine(host));
  }
  const groups = new Map<string, string[]>();
  for (const [what, hosts] of reasons) {
    const key = hosts.join(', ');
    groups.set(key, [...(groups.get(key) ?? []), what]);
  }
  return [...groups].flatMap(([hosts, whats]) => [
    ...hostLines(hosts, style, options),
    ...whats.flatMap((what) => hanging(`    ${style.dim('=')} `, what, options.width)),
  ]);
}
