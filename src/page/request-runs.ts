/** The requests of a drill, as a chart draws and reads them. */

import type { RequestLog, Span } from '../model/report.ts';
import { exact, signed } from './chart-theme.ts';
import type { LoggedDrill } from './drill-scene.ts';

export interface Run extends Span {
  readonly by: number;
  readonly isLost: boolean;
}

/** Neighbouring requests with the same answer as one; each lasts until the next. */
export function runsOf({ sentMs, by }: RequestLog, lost: ReadonlySet<number>): readonly Run[] {
  const runs: Run[] = [];
  sentMs.forEach((fromMs, index) => {
    const toMs = sentMs[index + 1] ?? fromMs + 5;
    const next = { fromMs, toMs, by: by[index] ?? -1, isLost: lost.has(index) };
    const open = runs.at(-1);
    if (open !== undefined && open.isLost === next.isLost && (next.isLost || open.by === next.by))
      runs[runs.length - 1] = { ...open, toMs };
    else runs.push(next);
  });
  return runs;
}

export function textAt(drill: LoggedDrill, step: number, lost: ReadonlySet<number>): string {
  const { sentMs, tookMs, by, hosts } = drill.requests;
  const at = sentMs[step] ?? 0;
  const took = tookMs[step] ?? null;
  const name = hosts[by[step] ?? -1];
  const answer =
    took === null ? 'no answer' : `answered${name === undefined ? '' : ` by ${name}`} in ${exact(took)}`;
  const holders = drill.timeline
    .filter((held) => held.fromMs <= at && at < held.toMs)
    .map(({ host }) => host);
  return [
    signed(at),
    `VIP on ${holders.length === 0 ? 'no host' : holders.join(' and ')}`,
    lost.has(step) ? (took === null ? `lost: ${answer}` : `lost: a second connection was ${answer}`) : answer,
  ].join('  ·  ');
}

export function nearest(list: readonly number[], value: number): number {
  return list.reduce(
    (best, each, index) => (Math.abs(each - value) < Math.abs((list[best] ?? 0) - value) ? index : best),
    0,
  );
}
