/**
 * The turn of a host that holds VIPs while its keepalived and those of the others are not of one configuration: one
 * is somebody else's, the other haup's. Its priority goes to the lowest without a track_file, others have its VIPs,
 * and only then does its keepalived end. Where the two do not hear each other (another VRID, another list of
 * addresses, another password) the other has taken them already, and both hold them until then. Pure.
 */

import type { Action } from '../model/action.ts';
import type { HostName } from '../model/domain.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Change, HostWork } from '../model/plan.ts';
import type { RunningDaemon } from '../model/running.ts';
import { undrain } from './host-drain.ts';
import { runningWhole, withLowestPriority } from './running-vrrp.ts';
import { unitOf } from './stranger-daemons.ts';

export interface StepAsideContext {
  /** VIPs that another host must hold before its keepalived ends. */
  readonly addresses: readonly string[];
  /** Its keepalived looks at haup's drain file. */
  readonly drains: boolean;
  /** Members whose daemons are not haup's at that time: of them no answer of haup's is asked. */
  readonly strangers: readonly HostName[];
  /** Those that take the VIPs. */
  readonly others: readonly HostName[];
}

/** For clients that have heard of the VIPs last from the host that gives them up. */
const announceMs = 2500;

/** Waits until the others have begun to announce. */
const meanwhile: Action = { do: 'announce', addresses: [], atMs: null, forMs: 0 };

/** What the host does, and what the others do beside it. */
export function stepAside(
  own: readonly Change[],
  have: HostFacts,
  { addresses, drains, strangers, others }: StepAsideContext,
): { readonly changes: readonly Change[]; readonly beside: readonly HostWork[] } {
  const daemon = have.running?.find(({ service }) => service === 'keepalived');
  if (daemon === undefined || addresses.length === 0) return { changes: own, beside: [] };
  const ends = own.some((change) => retiresKeepalived(change) || change.actions.some(stopsKeepalived));
  if (!ends && !own.some(({ actions }) => actions.some(interrupts))) return { changes: own, beside: [] };
  const back: Change = {
    ...(drains ? drainFirst : lowerPriority(daemon, runningWhole(have, daemon) ?? '')),
    after: ['covered'],
    addresses,
    strangers,
  };
  if (!ends) return { changes: [back, ...own, drains ? undrain : restorePriority(daemon)], beside: [] };
  const stop = own.find(retiresKeepalived) ?? stopping(daemon, have);
  const rest = own.filter((change) => change !== stop && change.kind !== 'undrain');
  const { after: _checked, ...undrained } = undrain;
  return {
    changes: [
      back,
      { ...stop, actions: [meanwhile, ...stop.actions], round: 1 },
      ...rest.map((change) => ({ ...change, round: 2 })),
      ...(drains ? [{ ...undrained, round: 2 }] : []),
    ],
    beside: others.map((host) => ({ host, changes: [announceAgain(addresses)] })),
  };
}

const drainFirst: Change = {
  id: 'stand-back',
  kind: 'stand-back',
  title: 'drain',
  why: 'another host has its VIPs first',
  actions: [{ do: 'drain', by: 'change' }],
  undo: [{ do: 'undrain' }],
  diffs: [],
};

const lowerPriority = (daemon: RunningDaemon, whole: string): Change => ({
  id: 'stand-back',
  kind: 'stand-back',
  title: 'lower the priority of its keepalived',
  why: `another host has its VIPs first; ${daemon.entry} stays as it is`,
  actions: [standBack(daemon, whole)],
  undo: [standUp(daemon)],
  diffs: [],
});

const restorePriority = (daemon: RunningDaemon): Change => ({
  id: 'stand-up',
  kind: 'stand-up',
  title: 'restore the priority of its keepalived',
  why: 'the host takes its VIPs back',
  actions: [standUp(daemon)],
  diffs: [],
});

const announceAgain = (addresses: readonly string[]): Change => ({
  id: 'announce',
  kind: 'announce',
  title: 'announce its VIPs again',
  why: 'clients may still send to the host that is giving them up',
  actions: [{ do: 'announce', addresses, atMs: null, forMs: announceMs }],
  diffs: [],
  round: 1,
});

/** Once keepalived is another one it may take VIPs at once, whoever has them: nginx is ready before. */
export const keepalivedLast = (changes: readonly Change[]): readonly Change[] =>
  changes.toSorted((a, b) => lastness(a) - lastness(b));
const lastness = (change: Change): number => {
  if (change.kind === 'undrain') return 2;
  return retiresKeepalived(change) || (change.kind === 'service' && change.service === 'keepalived') ? 1 : 0;
};

const retiresKeepalived = ({ kind, service }: Change): boolean =>
  kind === 'retire' && service === 'keepalived';

const standBack = ({ entry, unit }: RunningDaemon, whole: string): Action => ({
  do: 'stand-back',
  unit: unit ?? unitOf('keepalived'),
  entry,
  bytes: Buffer.from(withLowestPriority(whole), 'utf8'),
  secret: true,
});
const standUp = ({ unit }: RunningDaemon): Action => ({
  do: 'stand-up',
  unit: unit ?? unitOf('keepalived'),
});

const stopping = ({ unit, enabled }: RunningDaemon, { record }: HostFacts): Change => ({
  id: 'step-down:keepalived',
  kind: 'step-down',
  service: 'keepalived',
  title: 'stop keepalived',
  why: 'another host has its VIPs, and this one must not take them back while it changes',
  actions: [
    {
      do: 'service',
      service: 'keepalived',
      verb: 'stop',
      ...(record.services.keepalived === undefined ? { found: { active: true, enabled } } : {}),
    },
  ],
  undo: [{ do: 'revive', service: 'keepalived', unit: unit ?? unitOf('keepalived'), enabled }],
  diffs: [],
});

const interrupts = (action: Action): boolean =>
  action.do === 'retire' ||
  (action.do === 'service' && (action.verb === 'restart' || action.verb === 'stop'));
const stopsKeepalived = (action: Action): boolean =>
  interrupts(action) && 'service' in action && action.service === 'keepalived';
