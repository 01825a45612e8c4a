/** What comes of several things done at once. */

import { HaupError, SeveralErrors } from '../model/errors.ts';

/** One failure is thrown as it is, several as SeveralErrors; an unexpected one before all others. */
export function throwFailures(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const failure = failureOf(outcomes);
  if (failure !== null) throw failure;
}

/** The same as a value; null: none failed. */
export function failureOf(outcomes: readonly PromiseSettledResult<unknown>[]): unknown {
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  const unexpected = reasons.find((reason) => !(reason instanceof HaupError));
  if (unexpected !== undefined) return unexpected;
  const errors = reasons.flatMap((reason) =>
    reason instanceof SeveralErrors ? [...reason.errors] : reason instanceof HaupError ? [reason] : [],
  );
  // Hosts that stopped because of one that failed give that one's error.
  const [first, ...rest] = new Set(errors);
  if (first === undefined) return null;
  return first.code === 'INTERRUPTED' || rest.length === 0 ? first : new SeveralErrors([first, ...rest]);
}

export const rejection = (reason: unknown): PromiseRejectedResult => ({ status: 'rejected', reason });
