/**
 * The drills. To add one: its name in model/fault.ts, its entry here, its bound in measure/bounds.ts, its commands in
 * ssh/drill-actions.ts, and a test.
 */

import { drainObstacle, runningText } from '../cluster/can-drain.ts';
import type { HostName } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { DrillName } from '../model/fault.ts';
import { healthCheck, keepalivedConf } from '../model/layout.ts';
import type { MoveCause } from '../measure/bounds.ts';

/** A fault, and the two moves that it causes. */
export interface Drill {
  /** By what the bounds of the two moves are computed. */
  readonly away: MoveCause;
  readonly back: MoveCause;
  /** systemd restores the host by itself, so nothing waits until all is steady in between. */
  readonly heals?: true;
  /** Why it would show nothing on this host; null: it shows something. */
  readonly obstacle: (facts: HostFacts) => string | null;
  /** In a report: the drill, and the moments of the fault and of its end. */
  readonly title: (host: HostName) => string;
  readonly began: string;
  readonly ended: string;
  /** While it runs. */
  readonly breaking: (host: HostName) => string;
  readonly restoring: (host: HostName) => string;
}

export const drills: Readonly<Record<DrillName, Drill>> = {
  stop: {
    away: 'stop',
    back: 'failback',
    obstacle: () => null,
    title: (host) => `stop keepalived on ${host}`,
    began: 'stopped',
    ended: 'started again',
    breaking: (host) => `stopping keepalived on ${host}`,
    restoring: (host) => `starting keepalived on ${host} again`,
  },
  drain: {
    away: 'drain',
    back: 'failback',
    obstacle: (facts) => drainObstacle(facts, keepalivedConf),
    title: (host) => `drain ${host}`,
    began: 'drained',
    ended: 'undrained',
    breaking: (host) => `draining ${host}`,
    restoring: (host) => `ending the drain of ${host}`,
  },
  nginx: {
    away: 'nginx',
    back: 'recovery',
    obstacle: withoutCheck,
    title: (host) => `kill nginx on ${host}`,
    began: 'killed',
    ended: 'started again',
    breaking: (host) => `killing nginx on ${host}`,
    restoring: (host) => `starting nginx on ${host} again`,
  },
  crash: {
    away: 'crash',
    back: 'failback',
    heals: true,
    obstacle: () => null,
    title: (host) => `kill keepalived on ${host}`,
    began: 'killed',
    ended: 'taken over',
    breaking: (host) => `killing every keepalived process on ${host}`,
    restoring: (host) => `waiting for keepalived on ${host}, which systemd starts again`,
  },
  hang: {
    away: 'hang',
    back: 'recovery',
    obstacle: withoutCheck,
    title: (host) => `freeze nginx on ${host}`,
    began: 'frozen',
    ended: 'thawed',
    breaking: (host) => `freezing nginx on ${host}`,
    restoring: (host) => `letting nginx on ${host} go on`,
  },
};

/** Without its health check keepalived keeps the VIPs of a host whose nginx is gone. */
function withoutCheck(facts: HostFacts): string | null {
  if (runningText(facts, keepalivedConf)?.includes(healthCheck) === true) return null;
  return 'the keepalived.conf that it runs with has no health check of nginx';
}
