import { maskSecrets } from '../base/masking.ts';
import type { FileWant } from '../model/desired.ts';

/** The text of a file as it may be shown: a secret one with its secrets masked. */
export function shownText(file: FileWant): string {
  const text = Buffer.from(file.bytes).toString('utf8');
  return file.secret ? maskSecrets(text) : text;
}
