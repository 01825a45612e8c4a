import { HaupError } from '../model/errors.ts';

/** `--grace`: whole seconds. */
export function graceSeconds(text: string | undefined): number {
  const seconds = Number(text ?? defaultGraceSeconds);
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= longestGraceSeconds) return seconds;
  throw new HaupError('USAGE', `--grace ${text} is not a number of seconds.`, {
    hint: `Give 0 to ${longestGraceSeconds}; 0 keeps no connection.`,
  });
}

const defaultGraceSeconds = 60;
const longestGraceSeconds = 86_400;
