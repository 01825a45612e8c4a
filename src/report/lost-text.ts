import type { RequestFigures } from '../model/report.ts';
import { count } from './words.ts';

type Lost = Pick<RequestFigures, 'lost' | 'retried' | 'total'>;

/** `0 of 840`, `137 of 2400`, `1 of 840, retried`, `3 of 840, 2 retried`. */
export function lostShort({ lost, retried, total }: Lost): string {
  return `${lost} of ${total}${retried === 0 ? '' : retried === lost ? ', retried' : `, ${retried} retried`}`;
}

/** `3 of 840 requests, 2 of them answered on a second connection`. */
export function lostLong({ lost, retried, total }: Lost): string {
  const which = lost === retried ? '' : `${retried} of them `;
  return `${lost} of ${count(total, 'request')}${retried === 0 ? '' : `, ${which}answered on a second connection`}`;
}

/** What a second connection answered, as a sentence of its own; null: nothing. */
export function retriedSentence({ lost, retried }: Pick<Lost, 'lost' | 'retried'>): string | null {
  if (retried === 0) return null;
  return `A second connection answered ${lost > retried ? `${retried} of them` : lost === 1 ? 'it' : 'them'}.`;
}
