import { longestGraceSeconds } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';

/** `--grace`: whole seconds; null: as the inventory says. */
export function graceSeconds(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= longestGraceSeconds) return seconds;
  throw new HaupError('USAGE', `--grace ${text} is not a number of seconds.`, {
    hint: `Give 0 to ${longestGraceSeconds}; 0 keeps no connection.`,
  });
}
