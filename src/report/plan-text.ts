import type { Plan, Stage } from '../model/plan.ts';
import type { Disappearing } from '../model/running.ts';
import { oneLine } from '../base/printable.ts';
import { hanging, wrap } from './columns.ts';
import { hostLines, type PlanTextOptions } from './plan-layout.ts';
import { reasonLines, sameLines } from './same-text.ts';
import { stageLines } from './stage-text.ts';
import type { Style } from './style.ts';
import { count } from './words.ts';

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
  const { seconds, moves, unable, beside } = grace;
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
    ...beside.flatMap((host) =>
      wrap(
        `${oneLine(host)} is not changed, but passes on the open connections to a VIP that moves there.`,
        width,
      ).map(style.dim),
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

function hasChanges(stage: Stage): boolean {
  return stage.work.some((work) => work.changes.length > 0);
}

function hostsOf(stages: readonly Stage[]): readonly string[] {
  const working = stages.flatMap((stage) => stage.work).filter((work) => work.changes.length > 0);
  return [...new Set(working.map((work) => work.host))];
}
