import type { LockOwner } from '../model/lock-owner.ts';

/** One word, as the owner's file on a host has it. */
export const ownerWord = (owner: LockOwner): string => Buffer.from(JSON.stringify(owner)).toString('base64');

/** Reads what `ownerWord` wrote. */
export function readOwnerWord(word: string): LockOwner {
  try {
    const json = JSON.parse(Buffer.from(word, 'base64').toString('utf8')) as Partial<LockOwner>;
    return { who: String(json.who), since: String(json.since), why: String(json.why) };
  } catch {
    return { who: 'someone', since: 'an unknown time', why: 'an unknown command' };
  }
}
