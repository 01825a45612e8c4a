/** The moments of a drill that are worth a look, in order. Pure; milliseconds from the fault. */

import type { DrillReport, RequestLog } from '../model/report.ts';
import { wordsOf } from './drill-words.ts';

export interface Moment {
  readonly ms: number;
  readonly what: string;
}

export function momentsOf(drill: DrillReport): readonly Moment[] {
  const { began, ended } = wordsOf(drill);
  const watched = {
    fromMs: Math.min(...drill.timeline.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...drill.timeline.map(({ toMs }) => toMs)),
  };
  const moments: readonly Moment[] = [
    { ms: 0, what: `${began} on ${drill.from}` },
    ...(drill.restoredMs === null ? [] : [{ ms: drill.restoredMs, what: `${ended} on ${drill.from}` }]),
    ...drill.timeline.flatMap(({ host, fromMs, toMs }): Moment[] => [
      ...(fromMs > watched.fromMs ? [{ ms: fromMs, what: `${host} gets the VIP` }] : []),
      ...(toMs < watched.toMs ? [{ ms: toMs, what: `${host} drops the VIP` }] : []),
    ]),
    ...drill.unanswered.map(({ fromMs }) => ({ ms: fromMs, what: 'first request lost' })),
    ...(drill.requests === undefined ? [] : firstAnswers(drill.requests)),
  ];
  return moments.toSorted((a, b) => a.ms - b.ms);
}

/** When another host than before begins to answer. */
function firstAnswers({ hosts, sentMs, tookMs, by }: RequestLog): readonly Moment[] {
  let last = -1;
  return by.flatMap((host, index): Moment[] => {
    if (host === -1 || host === last) return [];
    const isFirst = last === -1;
    last = host;
    const ms = (sentMs[index] ?? 0) + (tookMs[index] ?? 0);
    return isFirst ? [] : [{ ms, what: `first answer by ${hosts[host] ?? ''}` }];
  });
}
