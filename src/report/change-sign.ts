import type { Action } from '../model/action.ts';
import type { Change } from '../model/plan.ts';
import type { Style } from './style.ts';

/** `+` something new, `-` something removed, `~` something other than it was. */
export function signOf(change: Change, style: Style): string {
  const { diffs, actions } = change;
  const removed =
    diffs.length > 0
      ? diffs.every((diff) => diff.after === null)
      : actions.length > 0 && actions.every(({ do: verb }) => removing.has(verb));
  if (removed) return style.red('-');
  const isNew =
    diffs.length > 0
      ? diffs.every((diff) => diff.before === null)
      : actions.some(({ do: verb }) => !altering.has(verb));
  return isNew ? style.green('+') : style.yellow('~');
}

/** Verbs that make something other than it was; all others bring something new. */
const altering: ReadonlySet<Action['do']> = new Set([
  'service',
  'reload-together',
  'announce',
  'entrust',
  'withdraw',
  'restore-build',
  'write',
  'write-unit',
  'put-files',
  'drain',
  'undrain',
  'stand-back',
  'stand-up',
  'revive',
  'disown',
]);

const removing: ReadonlySet<Action['do']> = new Set([
  'remove-build',
  'remove-packages',
  'remove-user',
  'forget',
  'retire',
]);
