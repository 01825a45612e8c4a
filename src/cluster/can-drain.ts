/** Whether a host can hand its VIPs over by lowering its priority. Pure. */

import type { HostFacts } from '../model/facts.ts';
import { drainedBy, drainFile, unreadMark } from '../model/layout.ts';
import { isDrained } from './ability.ts';

/** What keepalived runs with. After an interrupted apply that is not what its file says. */
export function runningText(facts: HostFacts, entry: string): string | null {
  const [unread, fact] = [facts.files[unreadMark('keepalived')], facts.files[entry]];
  if (unread?.state === 'present' && unread.text !== null && unread.text !== '') return unread.text;
  return fact?.state === 'present' ? fact.text : null;
}

/** An apply drained the host and was interrupted: only haup will undrain it. */
export const leftDrained = (facts: HostFacts): boolean => facts.drain === drainedBy.change;

/** An operator drained the host: it stays so until `haup failback`. What a drill or an apply left is undone. */
export const operatorDrained = (facts: HostFacts): boolean =>
  isDrained(facts) && !leftDrained(facts) && facts.drill !== 'drain';

/**
 * Why keepalived would not look at the drain file; null: it does. `entry`: the file that it reads first, among the
 * facts.
 */
export function drainObstacle(facts: HostFacts, entry: string): string | null {
  const text = runningText(facts, entry);
  if (text === null) return `${entry} cannot be read there`;
  return text.includes(drainFile) ? null : 'the keepalived.conf that it runs with has no drain file';
}

/** A host that its operator drained stays so, and has nothing left to hand over. */
export function canDrain(facts: HostFacts | undefined, entry: string): boolean {
  return (
    facts !== undefined &&
    !operatorDrained(facts) &&
    facts.services.keepalived.active === 'active' &&
    drainObstacle(facts, entry) === null
  );
}
