/** Which kept state a rollback goes back to. Pure. */

import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { KeptState } from '../model/history.ts';

export interface Wish {
  /** Null: every host that the last run has changed. */
  readonly host: HostName | null;
  /** Null: the state before the last change. */
  readonly number: number | null;
}

/** Throws USAGE when there is no such state, or when a number means different things on different hosts. */
export function chooseStates(
  kept: ReadonlyMap<HostName, readonly KeptState[]>,
  { host, number }: Wish,
): ReadonlyMap<HostName, KeptState> {
  const named = (name: HostName): KeptState | undefined => {
    const states = kept.get(name) ?? [];
    return number === null ? states[0] : states.find((state) => state.number === number);
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

function none(
  kept: ReadonlyMap<HostName, readonly KeptState[]>,
  host: HostName | null,
  number: number | null,
): HaupError {
  const place = host ?? 'No host';
  const verb = host === null ? 'keeps' : 'keeps no';
  const numbers = [...new Set([...kept.values()].flat().map((state) => state.number))].sort((a, b) => a - b);
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
