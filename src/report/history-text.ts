import { type HostName, services } from '../model/domain.ts';
import type { KeptHistory, KeptState } from '../model/kept-state.ts';
import { historyDirectory } from '../model/layout.ts';
import { hanging, wrap } from './columns.ts';
import { printableData } from '../base/printable.ts';
import type { Style } from './style.ts';
import { count } from './words.ts';

export interface HistoryTextOptions {
  readonly width: number;
  /** The changes that followed each state, too. */
  readonly verbose: boolean;
}

/** The states that each host keeps, newest first. No newline at the end. */
export function historyText(
  kept: ReadonlyMap<HostName, KeptHistory>,
  style: Style,
  { width, verbose }: HistoryTextOptions,
): string {
  const total = [...kept.values()].reduce((sum, { states }) => sum + states.length, 0);
  const lines = [...kept].flatMap(([host, { states, unreadable }]) => [
    style.bold(host),
    ...(states.length + unreadable.length === 0 ? hanging('  ', nothing, width, style.dim) : []),
    ...printableData(states).flatMap((state) => stateLines(state, style, width, verbose)),
    ...unreadable.flatMap((number) => hanging(numberColumn(number), damaged(number), width, style.dim)),
    '',
  ]);
  const closing = `${count(total, 'state')}. haup rollback [HOST] [--to STATE] goes back to one.`;
  return (total === 0 ? lines.slice(0, -1) : [...lines, ...wrap(closing, width)]).join('\n');
}

const nothing = 'Nothing is kept yet: haup keeps a state before each change, from the second apply on.';

const numberColumn = (number: number): string => `${String(number).padStart(6)}  `;
const damaged = (number: number): string =>
  `cannot be read: damaged, or kept by another version of haup. Its files are in ${historyDirectory}/${number}/tree.`;

function stateLines(state: KeptState, style: Style, width: number, verbose: boolean): readonly string[] {
  const { when, who, why, changes } = state.label;
  const time = when.replace('T', ' ').replace(/:\d\d(\.\d+)?Z$/, ' UTC');
  const versions = services.flatMap((service) => {
    const build = state.builds[service];
    return build === null ? [] : [`${service} ${build.software.version}`];
  });
  const head = [time, who, ...versions].join('  ');
  return [
    ...hanging(numberColumn(state.number), head, width),
    ...hanging('        before ', why, width, style.dim),
    ...(verbose ? changes.flatMap((change) => hanging(`          ${style.dim('~')} `, change, width)) : []),
  ];
}
