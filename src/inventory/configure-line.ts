/**
 * Options for ./configure as people have them: a list, or the line of a published build (`nginx -V`) with its
 * quotes. Returns the words for ./configure; each is quoted again where it is run.
 */

import { shellWords } from '../base/shell-words.ts';
import { configureOption } from './patterns.ts';

export interface ConfigureOptions {
  readonly options: string[];
  /** What is wrong, and in which item of the list; null when it was one line. */
  readonly wrong: readonly (readonly [number | null, string])[];
}

export function configureOptions(value: string | readonly string[]): ConfigureOptions {
  const options: string[] = [];
  const wrong: (readonly [number | null, string])[] = [];
  const take = (at: number | null, words: readonly string[] | string): void => {
    if (typeof words === 'string') return void wrong.push([at, words]);
    for (const word of words) {
      const problem = configureOption.test(word) ? null : problemOf(word);
      if (problem === null) options.push(word);
      else wrong.push([at, problem]);
    }
  };
  if (typeof value === 'string') {
    take(null, shellWords(value.replace(/^\s*(configure arguments:|\.\/configure(?=\s|$))/, '')));
    return { options, wrong };
  }
  value.forEach((item, at) => {
    // An item without quotes is one option, even with spaces in its value.
    take(at, /['"\\]/.test(item) ? shellWords(item) : [item]);
  });
  return { options, wrong };
}

/** Why a word is not an option; the message follows the key. */
function problemOf(word: string): string {
  const shown = `"${word.length > 40 ? `${word.slice(0, 40)}…` : word}"`;
  if (/^--prefix(=|$)/.test(word)) return `has ${shown}: use the key prefix`;
  const [character] = /[$`]/.exec(word) ?? [];
  if (character !== undefined)
    return `has ${shown}: haup does not expand ${character}, write the value itself`;
  const [other] = /[^A-Za-z0-9_.,/:@%+= ~-]/.exec(word) ?? [];
  const bad =
    other !== undefined && word.startsWith('--')
      ? `, and haup allows no ${JSON.stringify(other)} in options`
      : '';
  return `needs an option for ./configure, like --with-NAME or --NAME=VALUE; this is ${shown}${bad}`;
}
