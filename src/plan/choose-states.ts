/** Which kept state a rollback goes back to. Pure. */

import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { KeptHistory, KeptState } from '../model/kept-state.ts';

export interface RollbackTarget {
  /** Null: every host that the last run has changed. */
  readonly host: HostName | null;
  /** Null: the state before the last change. */
  readonly number: number | null;
}

/** Throws USAGE when there is no such state, when it cannot be read, or when a number means different things. */
export function chooseStates(
  kept: ReadonlyMap<HostName, KeptHistory>,
  { host, number }: RollbackTarget,
): ReadonlyMap<HostName, KeptState> {
  const named = (name: HostName): KeptState | undefined => {
    const { states = [], unreadable = [] } = kept.get(name) ?? {};
    const newest = Math.max(...states.map((state) => state.number), ...unreadable);
    const meant = number ?? newest;
    if (unreadable.includes(meant)) throw damaged(name, meant);
    return states.find((state) => state.number === meant);
  };
  if (host !== null) {
    const state = named(host);
    if (state === undefined) throw none(kept, host, number);
    return new Map([[host, state]]);
  }
  const found = [...kept.keys()].flatMap((name) => {
    const state = named(name);
    return state === undefined ? [] : [[name, state] as const];
  });
  const newest = found.map(([, { label }]) => label).toSorted((a, b) => (a.when < b.when ? 1 : -1))[0];
  if (newest === undefined) throw none(kept, null, number);
  const same = found.filter(([, { label }]) => label.run === newest.run);
  if (number !== null && same.length < found.length) {
    throw new HaupError('USAGE', `State ${number} was kept before different changes on different hosts.`, {
      hint: `Name the host: haup rollback HOST --to ${number}. haup history shows the states of each.`,
    });
  }
  return new Map(same);
}

const damaged = (host: HostName, number: number): HaupError =>
  new HaupError('USAGE', `State ${number} cannot be read: it is damaged, or of another version of haup.`, {
    host,
    hint: 'haup history shows the others; go back to one of them with --to.',
  });

function none(
  kept: ReadonlyMap<HostName, KeptHistory>,
  host: HostName | null,
  number: number | null,
): HaupError {
  const place = host ?? 'No host';
  const verb = host === null ? 'keeps' : 'keeps no';
  const numbers = [
    ...new Set([...kept.values()].flatMap(({ states }) => states.map((state) => state.number))),
  ].sort((a, b) => a - b);
  return new HaupError(
    'USAGE',
    number === null
      ? `${place} ${verb} ${host === null ? 'a state' : 'state'} to go back to.`
      : `${place} ${verb} ${host === null ? 'a ' : ''}state ${number}.`,
    {
      hint:
        numbers.length === 0
          ? 'haup keeps a state before each change, from the second apply on.'
          : `There is ${numbers.join(', ')}; haup history shows them.`,
    },
  );
}
