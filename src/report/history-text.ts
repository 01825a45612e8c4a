import type { HostName, Service } from '../model/domain.ts';
import type { KeptState } from '../model/history.ts';
import { hanging, table, wrap } from './columns.ts';
import { printableData } from './printable.ts';
import type { Style } from './style.ts';
import { count } from './words.ts';

export interface HistoryTextOptions {
  readonly width: number;
  /** The changes that followed each state, too. */
  readonly verbose: boolean;
}

/** The states that each host keeps, newest first. No newline at the end. */
export function historyText(
  kept: ReadonlyMap<HostName, readonly KeptState[]>,
  style: Style,
  { width, verbose }: HistoryTextOptions,
): string {
  const rows = [...kept].flatMap(([host, states]) =>
    printableData(states).map((state, index) => [
      style.bold(index === 0 ? host : ''),
      String(state.number),
      state.label.when.replace('T', ' ').replace(/\.\d+Z$/, 'Z'),
      state.label.who,
      versionOf(state, 'keepalived'),
      versionOf(state, 'nginx'),
      state.label.why,
    ]),
  );
  const empty = [...kept].filter(([, states]) => states.length === 0).map(([host]) => host);
  const nothing = `${empty.join(', ')}: nothing is kept yet. haup keeps a state before each change, from the second apply on.`;
  const total = [...kept.values()].reduce((sum, states) => sum + states.length, 0);
  return [
    ...(rows.length === 0
      ? []
      : table(['HOST', 'STATE', 'KEPT', 'BY', 'KEEPALIVED', 'NGINX', 'BEFORE'], rows, width, style.dim)),
    ...(verbose ? changesOf(kept, style, width) : []),
    ...(empty.length === 0 ? [] : wrap(nothing, width).map(style.dim)),
    ...(total === 0
      ? []
      : [
          '',
          ...wrap(`${count(total, 'state')}. haup rollback [HOST] [--to STATE] goes back to one.`, width),
        ]),
  ].join('\n');
}

const versionOf = ({ builds }: KeptState, service: Service): string =>
  builds[service]?.software.version ?? '-';

function changesOf(
  kept: ReadonlyMap<HostName, readonly KeptState[]>,
  style: Style,
  width: number,
): readonly string[] {
  return [...kept].flatMap(([host, states]) =>
    printableData(states).flatMap(({ number, label }) => [
      '',
      style.bold(`${host}, after state ${number}`),
      ...label.changes.flatMap((change) => hanging(`    ${style.dim('~')} `, change, width)),
    ]),
  );
}
