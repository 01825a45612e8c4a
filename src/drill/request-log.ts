/** The requests of a drill as a report carries them. Pure; milliseconds, to the tenth. */

import type { RequestLog } from '../model/report.ts';
import { isAnswered, isLost, type Sample } from '../measure/outage.ts';
import { tenths } from '../base/tenths.ts';

/** @param zeroMs the moment of the fault, on the clock of the samples */
export function requestLog(samples: readonly Sample[], zeroMs: number): RequestLog {
  const sent = samples.toSorted((a, b) => a.sentAt - b.sentAt);
  const hosts = [...new Set(sent.flatMap((one) => (isAnswered(one) && one.host !== null ? [one.host] : [])))];
  return {
    hosts,
    sentMs: sent.map(({ sentAt }) => tenths(sentAt - zeroMs)),
    tookMs: sent.map((one) => (isAnswered(one) ? tenths(one.answeredAt - one.sentAt) : null)),
    by: sent.map((one) => (isAnswered(one) && one.host !== null ? hosts.indexOf(one.host) : -1)),
    lost: sent.flatMap((one, index) => (isLost(one) ? [index] : [])),
  };
}
