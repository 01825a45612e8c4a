import { HaupError } from '../model/errors.ts';

/** The number that a flag gives. `meaning`: what it counts, for the message. @throws HaupError USAGE */
export function wholeNumber(
  flag: string,
  text: string,
  [least, most]: readonly [least: number, most: number],
  meaning: string,
): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new HaupError('USAGE', `${flag} ${text} is not a whole number from ${least} to ${most}.`, {
    hint: `It is ${meaning}. Nothing was contacted.`,
  });
}
