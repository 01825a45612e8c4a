/** What differs between two looks at the same hosts, as events. Pure. */

import type { RunStatus, StatusChange, StatusReport } from '../model/status-shape.ts';

/** Who holds what, and how the hosts are. `before` null: everything is new. */
export function hostChanges(before: StatusReport | null, after: StatusReport): readonly StatusChange[] {
  return [
    ...after.vips.flatMap(({ address: vip, holders }): readonly StatusChange[] => {
      const was = before?.vips.find(({ address }) => address === vip)?.holders ?? null;
      return same(was, holders) ? [] : [{ type: 'holders', vip, holders, before: was }];
    }),
    ...lacking(after.hosts, before?.hosts).map((host): StatusChange => ({ type: 'host', ...host })),
  ];
}

/** Runs and findings. In the middle of a move they change by the millisecond, and mean nothing. */
export function settledChanges(before: StatusReport | null, after: StatusReport): readonly StatusChange[] {
  const wrong = (report: StatusReport | null) => report?.findings.filter(({ level }) => level !== 'ok') ?? [];
  return [
    ...unknown(after.runs, before?.runs).map((run): StatusChange => ({ type: 'run', ...run })),
    ...unknown(before?.runs, after.runs).map((run): StatusChange => ({ type: 'run-ended', ...run })),
    ...lacking(wrong(after), wrong(before)).map((finding): StatusChange => ({ type: 'finding', finding })),
    ...lacking(wrong(before), wrong(after)).map((finding): StatusChange => ({ type: 'resolved', finding })),
  ];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const lacking = <Item>(items: readonly Item[], others: readonly Item[] = []): readonly Item[] =>
  items.filter((item) => !others.some((other) => same(item, other)));

/** Whatever the hosts: a run locks them one after the other. */
const unknown = (runs: readonly RunStatus[] = [], others: readonly RunStatus[] = []): readonly RunStatus[] =>
  runs.filter(
    (run) => !others.some(({ who, since, why }) => who === run.who && since === run.since && why === run.why),
  );
