/**
 * The drills. To add one: its name in model/fault.ts, its entry here, its bound in measure/bounds.ts, its commands in
 * ssh/drill-actions.ts, and a test.
 */

import { drainObstacle, runningText } from '../cluster/can-drain.ts';
import { interfaceOf } from '../cluster/cluster-state.ts';
import type { HostName } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { DrillName, Fault } from '../model/fault.ts';
import { healthCheck, keepalivedConf } from '../model/layout.ts';
import type { MoveCause } from '../measure/bounds.ts';

/** A fault, and the two moves that it causes. */
export interface Drill {
  /** What to do to the holder of an address; in words: why that would show nothing there. */
  readonly fault: (facts: HostFacts, address: string) => Fault | string;
  /** By what the bounds of the two moves are computed. */
  readonly away: MoveCause;
  readonly back: MoveCause;
  /** The host restores itself, so nothing waits until all is steady in between. */
  readonly heals?: true;
  /** The host cannot be reached meanwhile, and only its timer restores it. */
  readonly cutsOff?: true;
  /** The host is gone until it has booted, and nothing on it outlives that. */
  readonly reboots?: true;
  /** Who holds the VIP while it lasts, where that is not the successor alone: both, or the holder as before. */
  readonly ends?: 'split' | 'kept';
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
    fault: () => ({ kind: 'stop' }),
    away: 'stop',
    back: 'failback',
    title: (host) => `stop keepalived on ${host}`,
    began: 'stopped',
    ended: 'started again',
    breaking: (host) => `stopping keepalived on ${host}`,
    restoring: (host) => `starting keepalived on ${host} again`,
  },
  drain: {
    fault: (facts) => drainObstacle(facts, keepalivedConf) ?? { kind: 'drain' },
    away: 'drain',
    back: 'failback',
    title: (host) => `drain ${host}`,
    began: 'drained',
    ended: 'undrained',
    breaking: (host) => `draining ${host}`,
    restoring: (host) => `ending the drain of ${host}`,
  },
  nginx: {
    fault: (facts) => withoutCheck(facts) ?? { kind: 'nginx' },
    away: 'nginx',
    back: 'recovery',
    title: (host) => `kill nginx on ${host}`,
    began: 'killed',
    ended: 'started again',
    breaking: (host) => `killing nginx on ${host}`,
    restoring: (host) => `starting nginx on ${host} again`,
  },
  crash: {
    fault: () => ({ kind: 'crash' }),
    away: 'crash',
    back: 'failback',
    heals: true,
    title: (host) => `kill keepalived on ${host}`,
    began: 'killed',
    ended: 'taken over',
    breaking: (host) => `killing every keepalived process on ${host}`,
    restoring: (host) => `waiting for keepalived on ${host}, which systemd starts again`,
  },
  hang: {
    fault: (facts) => withoutCheck(facts) ?? { kind: 'hang' },
    away: 'hang',
    back: 'recovery',
    title: (host) => `freeze nginx on ${host}`,
    began: 'frozen',
    ended: 'thawed',
    breaking: (host) => `freezing nginx on ${host}`,
    restoring: (host) => `letting nginx on ${host} go on`,
  },
  link: {
    fault: (facts, address) => {
      const device = interfaceOf(facts, address);
      return device === null ? `it does not hold ${address}` : { kind: 'link', interface: device };
    },
    away: 'link',
    back: 'failback',
    cutsOff: true,
    title: (host) => `take the link of ${host} down`,
    began: 'link down',
    ended: 'link up',
    breaking: (host) => `taking the link of ${host} down`,
    restoring: (host) => `the timer on ${host} has taken its link up`,
  },
  reboot: {
    fault: () => ({ kind: 'reboot' }),
    away: 'reboot',
    back: 'recovery',
    heals: true,
    reboots: true,
    title: (host) => `reboot ${host}`,
    began: 'rebooted',
    ended: 'back',
    breaking: (host) => `rebooting ${host}`,
    restoring: (host) => `waiting for keepalived and nginx on ${host}`,
  },
  'vrrp-block': blocking('vrrp-block', 'drop adverts both ways'),
  'vrrp-block-out': blocking('vrrp-block-out', 'drop outgoing adverts'),
  'vrrp-block-in': {
    ...blocking('vrrp-block-in', 'drop incoming adverts'),
    away: 'deaf',
    back: 'deaf',
    ends: 'kept',
  },
};

/** The successor hears nothing and takes the VIP, while the holder keeps it. */
function blocking(kind: Exclude<DrillName, 'link'>, what: string): Drill {
  return {
    fault: () => ({ kind }),
    away: 'split',
    back: 'merge',
    ends: 'split',
    title: (host) => `${what} on ${host}`,
    began: 'blocked',
    ended: 'let through',
    breaking: (host) => `${what} on ${host}, in its firewall`,
    restoring: (host) => `letting adverts through on ${host} again`,
  };
}

/** Without its health check keepalived keeps the VIPs of a host whose nginx is gone. */
function withoutCheck(facts: HostFacts): string | null {
  if (runningText(facts, keepalivedConf)?.includes(healthCheck) === true) return null;
  return 'the keepalived.conf that it runs with has no health check of nginx';
}
