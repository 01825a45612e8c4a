/** What became of connections that were held open, in words. Pure. */

import type { ConnectionFigures, ConnectionKind } from '../model/report.ts';
import { precise } from './words.ts';

const words: Readonly<Record<ConnectionKind, string>> = {
  busy: 'busy keep-alive',
  idle: 'idle keep-alive',
  underway: 'with a request under way',
  http2: 'HTTP/2',
};

/** `20 busy keep-alive: all cut after 652 to 870 ms; 20 idle keep-alive: 19 kept, 1 closed by the server`. */
export const connectionsText = (figures: readonly ConnectionFigures[]): string =>
  figures.map((one) => `${one.open} ${words[one.kind]}: ${fate(one)}`).join('; ');

function fate({ open, kept, closed, cut, unanswered, cutMs }: ConnectionFigures): string {
  const all = (number: number): string => (number === open && open > 1 ? 'all' : String(number));
  return [
    ...(kept === 0 ? [] : [`${all(kept)} kept`]),
    ...(closed === 0 ? [] : [`${all(closed)} closed by the server`]),
    ...(cutMs === null ? [] : [`${all(cut)} cut after ${spanText(cutMs)}`]),
    ...(unanswered === 0 ? [] : [`${all(unanswered)} without an answer after the move`]),
  ].join(', ');
}

function spanText({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): string {
  const [first, last] = [precise(fromMs), precise(toMs)];
  if (first === last) return first;
  return first.endsWith(' ms') && last.endsWith(' ms')
    ? `${first.slice(0, -3)} to ${last}`
    : `${first} to ${last}`;
}
