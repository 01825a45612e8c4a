import type { Service } from '../model/domain.ts';
import type { RunningDaemon } from '../model/running.ts';
import type { Units } from './parse-services.ts';

/** @param ran records `ran`, @param read records `read`, each without its kind */
export const parseRunning = (
  ran: readonly (readonly string[])[],
  read: readonly (readonly string[])[],
  units: Units,
): readonly RunningDaemon[] =>
  ran.map(([pid = '', service = '', program = '', group = '', entry = '']) => {
    // Its control group may be that of whatever started it.
    const unit = units.get(group)?.get('MainPID') === pid ? units.get(group) : undefined;
    return {
      service: service as Service,
      program,
      unit: unit === undefined ? null : group,
      unitPath: unit?.get('FragmentPath') ?? '',
      enabled: unit?.get('UnitFileState') === 'enabled',
      entry,
      files: [...new Set(read.flatMap(([of, path = '']) => (of === pid ? [path] : [])))],
    };
  });
