/** What became of connections that were held open while a VIP moved. Pure; milliseconds on one clock. */

import { tenths } from '../base/tenths.ts';
import type { ConnectionFigures, ConnectionKind } from '../model/report.ts';

export interface ConnectionFate {
  readonly kind: ConnectionKind;
  /** When its first request was answered. */
  readonly openedMs: number;
  /** When that became known. */
  readonly endedMs: number;
  readonly end: 'kept' | 'closed' | 'cut' | 'unanswered';
}

const kinds: readonly ConnectionKind[] = ['busy', 'idle', 'underway', 'http2'];

/** Of the connections that were open at `faultMs`; kinds of which none was are left out. */
export function connectionFigures(
  fates: readonly ConnectionFate[],
  faultMs: number,
): readonly ConnectionFigures[] {
  const open = fates.filter(({ openedMs, endedMs }) => openedMs <= faultMs && endedMs > faultMs);
  return kinds.flatMap((kind): ConnectionFigures[] => {
    const own = open.filter((one) => one.kind === kind);
    const of = (end: ConnectionFate['end']): readonly ConnectionFate[] =>
      own.filter((one) => one.end === end);
    const cut = of('cut').map(({ endedMs }) => tenths(endedMs - faultMs));
    return own.length === 0
      ? []
      : [
          {
            kind,
            open: own.length,
            kept: of('kept').length,
            closed: of('closed').length,
            cut: cut.length,
            unanswered: of('unanswered').length,
            cutMs: cut.length === 0 ? null : { fromMs: Math.min(...cut), toMs: Math.max(...cut) },
          },
        ];
  });
}
