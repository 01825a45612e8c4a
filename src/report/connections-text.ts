/** What became of connections that were open when a VIP moved, in words. Pure. */

import type { ConnectionFigures, ConnectionKind, DrillReport, GraceReport } from '../model/report.ts';
import { count, elapsed, precise } from './words.ts';

const words: Readonly<Record<ConnectionKind, string>> = {
  busy: 'busy keep-alive',
  idle: 'idle keep-alive',
  underway: 'with a request under way',
  http2: 'HTTP/2',
};

/** Of those that haup held: `20 busy keep-alive: all cut after 652 to 870 ms; 20 idle keep-alive: 19 kept, 1 closed by the server`. */
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

/** Of clients' connections; null: there were none. */
export function graceText(
  { open, asked, cut, afterMs, why, returned }: GraceReport,
  from: string | null,
  to: string | null,
): string | null {
  if (open === null)
    return `open connections were reset (${why}). To keep them, install nftables on every member`;
  if (returned !== undefined) {
    const kept = `its ${count(open, 'connection')} ${open === 1 ? 'goes' : 'go'} on`;
    const gone = `${count(returned, 'connection')} to ${to} ${returned === 1 ? 'was' : 'were'} lost`;
    return `${from} has it again: ${kept}, and ${gone}`;
  }
  if (open === 0 && why === null) return null;
  const were = `${count(open, 'connection')} to ${from} ${open === 1 ? 'was' : 'were'} open`;
  if (why !== null) return `${were}; the rest is unknown: ${why}`;
  const after = elapsed(afterMs);
  if (asked === 0 || asked === null) return `${were}; all ended by themselves within ${after}`;
  const idle = asked - (cut ?? 0);
  return `${were}; at the end of the grace, after ${after}, nginx closed ${idle} that ${idle === 1 ? 'was' : 'were'} idle, and ${cut ?? 0} ${cut === 1 ? 'was' : 'were'} cut`;
}

/** Of clients' connections in a drill: on the way there, and on the way back. */
export function graceTexts({ from, to, grace, failback }: DrillReport): readonly string[] {
  const there = grace === undefined ? null : graceText(grace, from, to);
  const back = failback?.grace === undefined ? null : graceText(failback.grace, to, from);
  return [...(there === null ? [] : [there]), ...(back === null ? [] : [`on the way back ${back}`])];
}
