import type { HostFacts } from '../model/domain.ts';
import { drainFile } from '../model/layout.ts';
import type { Change } from '../model/plan.ts';

/** `held`: the VIPs that somebody holds now, and must hold afterwards. */
export const drainWhy = (why: string, held: readonly string[]): Change => ({
  id: 'drain',
  title: 'drain',
  why,
  actions: [{ do: 'drain' }],
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

/** Its keepalived looks at the drain file; and a host that the operator drained stays so. */
export function canDrain(facts: HostFacts | undefined, entry: string): boolean {
  const fact = facts?.files[entry];
  return (
    facts !== undefined &&
    (facts.drain ?? 0) >= 0 &&
    facts.services.keepalived.active === 'active' &&
    fact?.state === 'present' &&
    fact.text?.includes(drainFile) === true
  );
}

/**
 * What interrupts a daemon is done while the host is drained: the backup takes over first, so that no
 * request is lost.
 */
export function whileDrained(
  changes: readonly Change[],
  held: readonly string[],
  able: boolean,
): readonly Change[] {
  const interrupts = changes.some(({ actions }) =>
    actions.some(
      (action) => action.do === 'service' && (action.verb === 'restart' || action.verb === 'stop'),
    ),
  );
  if (!interrupts) return changes;
  if (able)
    return [drainWhy('a daemon is restarted: the backup takes over first', held), ...changes, undrain];
  const note = 'this host cannot be drained: its VIPs are without a holder until the backup takes them';
  return changes.map((change) =>
    change.actions.some((action) => action.do === 'service' && action.verb === 'restart')
      ? { ...change, why: `${change.why}; ${note}` }
      : change,
  );
}
