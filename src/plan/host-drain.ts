import type { Action } from '../model/action.ts';
import type { Change } from '../model/plan.ts';

/** `held`: the VIPs that some host holds now, and one must hold afterwards. */
export const drainWhy = (why: string, held: readonly string[]): Change => ({
  id: 'drain',
  kind: 'drain',
  title: 'drain',
  why,
  actions: [{ do: 'drain', by: 'change' }],
  after: ['released'],
  addresses: held,
  undo: [],
  diffs: [],
});

export const undrain: Change = {
  id: 'undrain',
  kind: 'undrain',
  title: 'undrain',
  why: 'the host takes its VIPs back',
  actions: [{ do: 'undrain' }],
  after: ['services'],
  diffs: [],
};

/** What a drain has to respect: a host of a cluster that serves, and the VIPs around it. */
export interface DrainContext {
  /** The VIPs that exactly one host holds now. */
  readonly held: readonly string[];
  /** All that the host must not hold when a daemon of it is stopped or restarted. */
  readonly watched: readonly string[];
  /** It holds some of them now. */
  readonly holds: boolean;
  /** It can be drained. */
  readonly able: boolean;
}

/**
 * What interrupts a daemon is done while the host is drained, whoever holds the VIPs when the plan is made: until
 * its turn a standby may have become the holder. Then the others take over first, or, where there is none to do so,
 * it is refused before anything is changed. What cannot be drained is looked at in the moment itself.
 */
export function whileDrained(
  changes: readonly Change[],
  { held, watched, holds, able }: DrainContext,
): readonly Change[] {
  if (!changes.some(({ actions }) => actions.some(interrupts))) return changes;
  if (able) {
    const own = onlyIdle(changes, watched, held).filter(({ kind }) => kind !== 'undrain');
    const back = changes.find(({ kind }) => kind === 'undrain') ?? undrain;
    const why = holds ? 'the backup takes over first' : 'its peers keep the VIPs meanwhile';
    return [drainWhy(`a daemon is restarted: ${why}`, held), ...ended(own), back];
  }
  if (!holds) return onlyIdle(changes, watched, held);
  const note = 'this host cannot be drained: no host has its VIPs until the backup takes them';
  return changes.map((change) =>
    change.actions.some(interrupts) ? { ...change, why: `${change.why}; ${note}` } : change,
  );
}

export const interrupts = (action: Action): boolean =>
  action.do === 'service' && (action.verb === 'restart' || action.verb === 'stop');

/** Before it gets its VIPs back: keepalived itself finds a fault only when its check has failed some times. */
const ended = (changes: readonly Change[]): readonly Change[] =>
  changes.map((change, at) =>
    at === changes.length - 1 ? { ...change, after: ['services', 'healthy'] as const } : change,
  );

/**
 * `watched` must not be held by a host on which a daemon is interrupted, and `held` not when that is put back:
 * a VIP that no host held before may have come by the change itself.
 */
export function onlyIdle(
  changes: readonly Change[],
  watched: readonly string[],
  held: readonly string[],
): readonly Change[] {
  const guarded = (actions: readonly Action[], idle: readonly string[]): readonly Action[] =>
    actions.map((action) => (interrupts(action) ? { ...action, idle } : action));
  return changes.map((change) => ({
    ...change,
    actions: guarded(change.actions, watched),
    ...(change.undo === undefined ? {} : { undo: guarded(change.undo, held) }),
  }));
}
