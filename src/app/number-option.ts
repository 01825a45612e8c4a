import { leastRate, longestGraceSeconds, mostConnections, mostRate } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';

/** The options that take a whole number: least, most, meaning. */
const numberOptions = {
  '--connect-timeout': [1, 3600, 'the limit for each connection, in seconds'],
  '--connections': [0, mostConnections, 'how many connections of each kind are held open'],
  '--count': [1, 1000, 'how often each drill runs'],
  '--for-pid': [1, 4_194_304, 'the number of a process'],
  '--grace': [0, longestGraceSeconds, 'how many seconds open connections live on; 0 keeps none'],
  '--hold': [1, 600, 'how many seconds each fault lasts at least'],
  '--lock-wait': [0, 86_400, 'how many seconds to wait for another haup'],
  '--rate': [leastRate, mostRate, 'how many requests a second go to each VIP'],
  '--to': [1, 999_999_999, 'the number of a state, as haup history lists them'],
} as const;

type NumberOption = keyof typeof numberOptions;

/** The value of an option; null when it was not given. @throws HaupError USAGE */
export function numberOption(flag: NumberOption, text: string): number;
export function numberOption(flag: NumberOption, text: string | undefined): number | null;
export function numberOption(flag: NumberOption, text: string | undefined): number | null {
  if (text === undefined) return null;
  const [least, most, meaning] = numberOptions[flag];
  if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new HaupError('USAGE', `${flag} ${text} is not a whole number from ${least} to ${most}.`, {
    hint: `It is ${meaning}.`,
  });
}
