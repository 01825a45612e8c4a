/** What `runningScript` printed, as data. */

import type { Service } from '../model/domain.ts';
import type { RunningDaemon } from '../model/running.ts';

/** @param ran records `ran`, @param read records `read`, each without its kind */
export const parseRunning = (
  ran: readonly (readonly string[])[],
  read: readonly (readonly string[])[],
): readonly RunningDaemon[] =>
  ran.map(([pid = '', service = '', program = '', unit = '', unitPath = '', enabled = '', entry = '']) => ({
    service: service as Service,
    program,
    unit: unit === '' ? null : unit,
    unitPath,
    enabled: enabled === 'enabled',
    entry,
    files: [...new Set(read.flatMap(([of, path = '']) => (of === pid ? [path] : [])))],
  }));
