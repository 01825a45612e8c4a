import type { Action } from '../model/action.ts';
import type { Change, HostWork, Plan, Stage } from '../model/plan.ts';
import type { Disappearing } from '../model/running.ts';
import { hanging, padEnd, widthOf, wrap } from './columns.ts';
import { diffText } from './diff-text.ts';
import { oneLine } from '../base/printable.ts';
import type { Style } from './style.ts';
import { count } from './words.ts';

export interface PlanTextOptions {
  /** Show what would change in each file. */
  readonly diffs: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Whole new files, and each thing that stays as it is. */
  readonly verbose?: boolean;
}

/** The plan for reading: stage by stage, each change with its reason. No newline at the end. */
export function planText(plan: Plan, style: Style, options: PlanTextOptions): string {
  const tracks = plan.tracks.map((stages) => stages.filter(hasChanges)).filter((stages) => stages.length > 0);
  // Lines longer than this are hard to read, however wide the terminal is.
  const readable = { ...options, width: Math.max(20, Math.min(options.width, 100)) };
  const lines =
    tracks.length === 0 ? nothingToDo(plan, style, readable) : pending(plan, tracks, style, readable);
  return lines.join('\n');
}

type Tracks = readonly (readonly Stage[])[];

function pending(plan: Plan, tracks: Tracks, style: Style, options: PlanTextOptions): readonly string[] {
  const shown = new Map<string, string>();
  const lines = tracks.flatMap((stages, index) => [
    ...(tracks.length === 1
      ? []
      : clusterLines(`Cluster ${index + 1} of ${tracks.length}`, stages, style, options)),
    ...stages.flatMap((stage, at) => [
      ...stageLines(
        stage,
        stages.length === 1 ? '' : `Stage ${at + 1} of ${stages.length}: `,
        shown,
        style,
        options,
      ),
      '',
    ]),
  ]);
  lines.unshift(...disappearingLines(plan, style, options));
  lines.push(...sameLines(plan, style, options));

  const all = tracks.flat();
  const changes = all.flatMap((stage) => stage.work).reduce((sum, work) => sum + work.changes.length, 0);
  const closing = `Plan: ${count(changes, 'change')} on ${count(hostsOf(all).length, 'host')}.`;
  return [...lines, ...graceLines(plan, style, options), ...wrap(closing, options.width).map(style.bold)];
}

/** What becomes of open connections, and how long that can take. */
function graceLines({ grace }: Plan, style: Style, { width }: PlanTextOptions): readonly string[] {
  if (grace === undefined) return [];
  const { seconds, moves, unable } = grace;
  const each = `Open connections live on for up to ${seconds} s when a VIP moves`;
  const kept =
    moves === 0
      ? `${each}.`
      : `${each}, ${count(moves, 'time')}: this can take up to ${spanText(seconds * moves)} longer.`;
  return [
    ...wrap(kept, width).map(style.dim),
    ...unable.flatMap(({ host, why }) =>
      wrap(`${oneLine(host)}: connections to a VIP that moves there are reset, since ${why}.`, width).map(
        style.yellow,
      ),
    ),
  ];
}

const spanText = (seconds: number): string =>
  seconds % 60 === 0
    ? `${seconds / 60} min`
    : seconds < 120
      ? `${seconds} s`
      : `${Math.ceil(seconds / 60)} min`;

const kindWords: Readonly<Record<Disappearing['kind'], string>> = {
  vip: 'VIP',
  site: 'site',
  daemon: 'daemon',
  file: 'file',
};

/** What is there now and will not be, before anything else. */
function disappearingLines(plan: Plan, style: Style, options: PlanTextOptions): readonly string[] {
  const gone = plan.disappearing ?? [];
  if (gone.length === 0) return [];
  const hosts = [...new Set(gone.map(({ host }) => host))];
  const others = gone.some(({ ours }) => !ours);
  const closing = others
    ? 'haup did not put this there: haup apply ends it only with --take-over, and haup rollback brings it back.'
    : 'haup put this there, and the inventory no longer names it.';
  return [
    style.bold('Will disappear'),
    ...hosts.flatMap((host) => [
      ...hostLines(oneLine(host), style, options),
      ...gone
        .filter((one) => one.host === host)
        .flatMap(({ kind, what }) =>
          hanging(`    ${style.red('-')} `, oneLine(`${kindWords[kind]} ${what}`), options.width),
        ),
    ]),
    ...wrap(closing, options.width).map(style.yellow),
    '',
  ];
}

function clusterLines(
  numbered: string,
  stages: readonly Stage[],
  style: Style,
  options: PlanTextOptions,
): readonly string[] {
  return [...wrap(`${numbered}: ${oneLine(hostsOf(stages).join(', '))}`, options.width).map(style.bold), ''];
}

function stageLines(
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

/** `+` something new, `-` something removed, `~` something other than it was. */
function signOf(change: Change, style: Style): string {
  const { diffs, actions } = change;
  const removed =
    diffs.length > 0
      ? diffs.every((diff) => diff.after === null)
      : actions.length > 0 && actions.every(({ do: verb }) => removing.has(verb));
  if (removed) return style.red('-');
  const isNew =
    diffs.length > 0
      ? diffs.every((diff) => diff.before === null)
      : actions.some(({ do: verb }) => !altering.has(verb));
  return isNew ? style.green('+') : style.yellow('~');
}

/** Verbs that make something other than it was; all others bring something new. */
const altering: ReadonlySet<Action['do']> = new Set([
  'service',
  'reload-together',
  'announce',
  'entrust',
  'withdraw',
  'restore-build',
  'write',
  'write-unit',
  'put-files',
  'drain',
  'undrain',
  'stand-back',
  'stand-up',
  'revive',
  'disown',
]);

const removing: ReadonlySet<Action['do']> = new Set([
  'remove-build',
  'remove-packages',
  'remove-user',
  'forget',
  'retire',
]);

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

/** One line that counts, or with `verbose` each thing and why it stays. */
function sameLines(plan: Plan, style: Style, options: PlanTextOptions): readonly string[] {
  if (plan.same.length === 0) return [];
  if (options.verbose) return [style.bold('As it should be'), ...reasonLines(plan, style, options), ''];
  const found = new Map<string, number>();
  for (const { host } of plan.same) found.set(host, (found.get(host) ?? 0) + 1);
  const counts = [...found].map(([host, resources]) => `${resources} on ${oneLine(host)}`);
  const text = `As it should be already: ${counts.join(', ')} (--verbose lists them).`;
  return [...wrap(text, options.width).map(style.dim), ''];
}

function nothingToDo(plan: Plan, style: Style, options: PlanTextOptions): readonly string[] {
  const hosts = [...new Set([...plan.want.map((want) => want.host), ...plan.same.map((same) => same.host)])];
  const subject =
    hosts.length === 1
      ? `${oneLine(hosts[0] ?? '')} is`
      : `${hosts.length === 2 ? 'both' : `all ${hosts.length}`} hosts are`;
  const closing = wrap(`Nothing to do: ${subject} as the inventory says.`, options.width);
  const reasons = reasonLines(plan, style, options);
  return [...reasons, ...(reasons.length > 0 ? [''] : []), ...closing.map(style.bold)];
}

/** Each reason once, with the hosts that it holds for. */
function reasonLines(plan: Plan, style: Style, options: PlanTextOptions): readonly string[] {
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

function hostLines(hosts: string, style: Style, { width }: PlanTextOptions): readonly string[] {
  return hanging('  ', hosts, width, (line) => style.bold(style.cyan(line)));
}

function hasChanges(stage: Stage): boolean {
  return stage.work.some((work) => work.changes.length > 0);
}

function hostsOf(stages: readonly Stage[]): readonly string[] {
  const working = stages.flatMap((stage) => stage.work).filter((work) => work.changes.length > 0);
  return [...new Set(working.map((work) => work.host))];
}
