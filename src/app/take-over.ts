import type { Plan } from '../model/plan.ts';
import { othersOf, refuseTakeOver } from '../plan/disappearing.ts';
import { count } from '../report/words.ts';
import type { Context } from './command-context.ts';

/**
 * Whether what haup did not install may go. The plan has shown it; here it is named once more, and asked about.
 * Throws TAKE_OVER_NEEDED where there is no terminal to ask on.
 */
export async function mayTakeOver(
  context: Context,
  plan: Plan,
  { takeOver, yes }: { readonly takeOver?: boolean; readonly yes?: boolean },
): Promise<boolean> {
  const others = othersOf(plan);
  if (takeOver === true || others.length === 0) return true;
  if (yes === true || !context.isTty) refuseTakeOver(plan);
  const named = others.filter(({ kind }) => kind !== 'file');
  const { printable } = await import('../base/printable.ts');
  for (const { host, kind, what } of named) context.err(`${printable(`${host}: ${kind} ${what}`)}\n`);
  return context.confirm(
    `haup did not install ${named.length === 1 ? 'this' : `these ${count(named.length, 'thing')}`}. Replace ${named.length === 1 ? 'it' : 'them'}?`,
  );
}
