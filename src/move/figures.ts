/** A move's figures as a report shows them: milliseconds, to the tenth. Pure. */

import { tenths } from '../base/tenths.ts';
import type { RequestFigures, HeldTimes } from '../model/report.ts';
import type { MoveVerdict } from './verdict.ts';

export const answered = ({ outageMs, lost, total, retried }: MoveVerdict): RequestFigures => ({
  outageMs: tenths(outageMs),
  lost,
  total,
  retried,
});

export const heldBy = ({ bothHeldMs, noneHeldMs }: MoveVerdict): HeldTimes => ({
  bothHeldMs: tenths(bothHeldMs),
  noneHeldMs: tenths(noneHeldMs),
});
