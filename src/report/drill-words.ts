/** What reports call a drill and its moments. */

import type { DrillReport } from '../model/report.ts';

export interface FaultWords {
  readonly title: (host: string) => string;
  /** What to call the moments when it began and when it was undone. */
  readonly began: string;
  readonly ended: string;
}

export const faults: Readonly<Record<string, FaultWords>> = {
  stop: { title: (host) => `stop keepalived on ${host}`, began: 'stopped', ended: 'started again' },
  nginx: { title: (host) => `stop nginx on ${host}`, began: 'nginx stopped', ended: 'started again' },
  crash: { title: (host) => `kill keepalived on ${host}`, began: 'killed', ended: 'started again' },
  hang: { title: (host) => `freeze nginx on ${host}`, began: 'frozen', ended: 'goes on' },
  link: { title: (host) => `take the link of ${host} down`, began: 'link down', ended: 'link up' },
  'vrrp-block': { title: (host) => `block VRRP on ${host}`, began: 'blocked', ended: 'let through' },
  reboot: { title: (host) => `reboot ${host}`, began: 'rebooted', ended: 'up again' },
  drain: { title: (host) => `drain ${host}`, began: 'drained', ended: 'undrained' },
};

/** What was done, and who took over. */
export function story(report: DrillReport): string {
  const { drill, from, to } = report;
  const done = (faults[drill]?.title ?? ((host: string) => `drill ${drill} on ${host}`))(from);
  if (!wasDone(report)) return `${done}: not done`;
  return `${done}, ${to === null ? 'nobody takes' : `${to} takes`} over`;
}

/** A drill on ground that was not steady breaks nothing: it has reasons, and no story to tell. */
export const wasDone = (drill: DrillReport): boolean => drill.timeline.length > 0;
