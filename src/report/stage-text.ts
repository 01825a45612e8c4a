/** One stage of a plan: its hosts, each change with its reason and its diff, and what is checked after it. */

import type { Change, HostWork, Stage } from '../model/plan.ts';
import { oneLine } from '../base/printable.ts';
import { signOf } from './change-sign.ts';
import { hanging, padEnd, widthOf, wrap } from './columns.ts';
import { diffText } from './diff-text.ts';
import { hostLines, type PlanTextOptions } from './plan-layout.ts';
import type { Style } from './style.ts';

/** `shown`: each diff that an earlier stage has shown, with its hosts. */
export function stageLines(
  stage: Stage,
  numbered: string,
  shown: Map<string, string>,
  style: Style,
  options: PlanTextOptions,
): readonly string[] {
  const layout = layoutOf(stage, options.width);
  const lines = wrap(numbered + oneLine(stage.title), options.width).map(style.bold);
  for (const why of stage.together?.why ?? [])
    lines.push(...hanging('  ', oneLine(why), options.width, style.dim));
  if (stage.together !== undefined)
    lines.push(...hanging('  ', oneLine(stage.together.expect), options.width, style.yellow));
  for (const group of groupAlike(stage.work)) {
    const hosts = group.hosts.map(oneLine).join(', ');
    lines.push('', ...hostLines(hosts, style, options));
    for (const change of group.changes) {
      lines.push(...changeLines(change, layout, style, options));
      if (options.diffs) lines.push(...diffLines(change, hosts, shown, style, options));
    }
  }
  if (stage.gate.length > 0) {
    lines.push('', ...hanging('  ', `then check: ${stage.gate.join(', ')}`, options.width, style.dim));
  }
  return lines;
}

/** Title and reason side by side, or the reason below. */
function changeLines(
  change: Change,
  layout: Layout,
  style: Style,
  options: PlanTextOptions,
): readonly string[] {
  const sign = signOf(change, style);
  const why = oneLine(change.why);
  if (layout.beside) {
    const title = `    ${sign} ${padEnd(oneLine(change.title), layout.title)}  `;
    return hanging(title, why, options.width, style.dim);
  }
  return [
    ...hanging(`    ${sign} `, oneLine(change.title), options.width),
    ...hanging('        ', why, options.width, style.dim),
  ];
}

interface Layout {
  /** Titles and reasons as two columns of these widths. */
  readonly beside: boolean;
  readonly title: number;
  readonly why: number;
}

/** Two columns where every reason of the stage takes at most two lines of a readable width. */
function layoutOf(stage: Stage, width: number): Layout {
  const changes = stage.work.flatMap((work) => work.changes);
  const title = Math.max(...changes.map((change) => widthOf(oneLine(change.title))));
  const why = width - (6 + title + 2);
  const beside = why >= 20 && changes.every((change) => wrap(oneLine(change.why), why).length <= 2);
  return { beside, title, why };
}

function diffLines(
  change: Change,
  hosts: string,
  shown: Map<string, string>,
  style: Style,
  options: PlanTextOptions,
): readonly string[] {
  return change.diffs.flatMap((diff) => {
    const key = JSON.stringify([diff.path, diff.before, diff.after]);
    const where = shown.get(key);
    shown.set(key, where ?? hosts);
    const lines =
      where === undefined
        ? diffText(diff, style, {
            limit: options.verbose ? Number.POSITIVE_INFINITY : diff.before === null ? 10 : 100,
          })
        : [style.dim(`${oneLine(diff.path)}: the same text as on ${where}`)];
    return lines.map((line) => `        ${line}`);
  });
}

interface Group {
  readonly hosts: string[];
  readonly changes: readonly Change[];
}

/** Hosts of a stage with the same changes for the same reasons are told once. */
function groupAlike(work: readonly HostWork[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { host, changes } of work) {
    if (changes.length === 0) continue;
    const key = JSON.stringify(changes.map(({ id, title, why, diffs }) => [id, title, why, diffs]));
    const group = groups.get(key) ?? { hosts: [], changes };
    group.hosts.push(host);
    groups.set(key, group);
  }
  return [...groups.values()];
}
