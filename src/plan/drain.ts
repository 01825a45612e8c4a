import type { HostFacts } from '../model/facts.ts';
import { drainedBy, drainFile, unreadMark } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { Change } from '../model/plan.ts';

/** `held`: the VIPs that somebody holds now, and must hold afterwards. */
export const drainWhy = (why: string, held: readonly string[]): Change => ({
  id: 'drain',
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
  title: 'undrain',
  why: 'the host takes its VIPs back',
  actions: [{ do: 'undrain' }],
  after: ['services'],
  diffs: [],
};

/** What keepalived runs with: after an apply that was cut off not what is in its file. */
export function runningText(facts: HostFacts, entry: string): string | null {
  const [unread, fact] = [facts.files[unreadMark('keepalived')], facts.files[entry]];
  if (unread?.state === 'present' && unread.text !== null && unread.text !== '') return unread.text;
  return fact?.state === 'present' ? fact.text : null;
}

/** An apply was cut off while the host was drained for it: nobody else will undrain it. */
export const leftDrained = (facts: HostFacts): boolean => facts.drain === drainedBy.change;

/** Its keepalived looks at the drain file; and a host that the operator drained stays so. */
export function canDrain(facts: HostFacts | undefined, entry: string): boolean {
  return (
    facts !== undefined &&
    ((facts.drain ?? 0) >= 0 || leftDrained(facts)) &&
    facts.services.keepalived.active === 'active' &&
    runningText(facts, entry)?.includes(drainFile) === true
  );
}

/**
 * What interrupts a daemon is done while the host is drained: the backup takes over first, so that
 * there is no outage.
 */
export function whileDrained(
  changes: readonly Change[],
  held: readonly string[],
  able: boolean,
): readonly Change[] {
  if (!changes.some(({ actions }) => actions.some(interrupts))) return changes;
  if (able) {
    const own = changes.filter(({ id }) => id !== undrain.id).map((change) => onlyIdle(change, held));
    return [drainWhy('a daemon is restarted: the backup takes over first', held), ...own, undrain];
  }
  const note = 'this host cannot be drained: its VIPs are without a holder until the backup takes them';
  return changes.map((change) =>
    change.actions.some((action) => action.do === 'service' && action.verb === 'restart')
      ? { ...change, why: `${change.why}; ${note}` }
      : change,
  );
}

const interrupts = (action: Action): boolean =>
  action.do === 'service' && (action.verb === 'restart' || action.verb === 'stop');

/** The peer may fail in the meantime, and leave the VIPs to the host that is being changed. */
function onlyIdle(change: Change, held: readonly string[]): Change {
  const guarded = (actions: readonly Action[]): readonly Action[] =>
    actions.map((action) => (interrupts(action) ? { ...action, idle: held } : action));
  return {
    ...change,
    actions: guarded(change.actions),
    ...(change.undo === undefined ? {} : { undo: guarded(change.undo) }),
  };
}
