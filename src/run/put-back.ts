import { services } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Action } from '../model/action.ts';
import type { Host } from '../model/host.ts';
import type { Change, Stage } from '../model/plan.ts';
import type { ExecuteOptions } from './execute-options.ts';
import { noteOf } from './note.ts';

const putBackLimitMs = 120_000;

/**
 * Puts a host back as it was before the stage that failed. It runs to its end also after Ctrl-C: half
 * a change is worse than a second of waiting. A host that cannot be put back is said to be so, and
 * stays drained if it was drained for the change: its peers serve.
 */
export async function putBack(
  host: Host,
  changes: readonly Change[],
  stage: Stage,
  options: Pick<ExecuteOptions, 'emit' | 'log' | 'gate'>,
): Promise<void> {
  const undo = changes.flatMap((change) => change.undo ?? []).toSorted((a, b) => place(a) - place(b));
  undo.push(...rereads(undo, stage.work.find((work) => work.host === host.name)?.changes ?? []));
  const drained = changes.some(({ kind }) => kind === 'drain');
  if (undo.length === 0 && !drained) return;
  const { emit, log } = options;
  const patience = AbortSignal.timeout(putBackLimitMs);
  emit({ type: 'said', host: host.name, text: 'putting it back as it was' });
  try {
    for (const action of undo) {
      log(host.name, `── put back: ${noteOf(action)}`);
      await host
        .act(action, patience, (line) => log(host.name, line))
        .catch((error: unknown) => {
          if (!(error instanceof HaupError)) throw error;
          // A file that was never swapped in needs no putting back, and says so by being stale.
          if (error.code === 'PLAN_STALE') return;
          // Its peer has failed, and it serves: that is worth more than the right program.
          if (action.do !== 'service' || error.code !== 'GATE_FAILED') throw error;
          const text = `${action.service} is not interrupted, since the host serves: haup plan shows whether something is left`;
          emit({ type: 'said', host: host.name, text });
        });
    }
    if (drained) {
      await options.gate(['services'], [host.name], patience);
      await host.act({ do: 'undrain' }, patience);
    }
    emit({ type: 'said', host: host.name, text: 'it is as it was before' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const left = drained
      ? ` It stays drained, and its peers serve. Once it is fixed: haup failback ${host.name}`
      : '';
    emit({ type: 'said', host: host.name, text: `it could not be put back: ${reason}${left}` });
  }
}

/** Else an undo comes in the order of the changes. */
function place(action: Action): number {
  // Before anything else: a host that is put back only in part must not go forward when haup ends.
  if (action.do === 'withdraw') return 0;
  // What serves again comes last: by files and units that are back by then.
  if (last.has(action.do)) return 4;
  // While their units are there; keepalived first, so that VIPs go while nginx still answers.
  if (action.do !== 'service' || (action.verb !== 'stop' && action.verb !== 'disable')) return 3;
  return action.service === 'keepalived' ? 1 : 2;
}
const last: ReadonlySet<Action['do']> = new Set<Action['do']>(['revive', 'stand-up', 'undrain']);

/**
 * Daemons that had not come to read the files that are put back: they read them again, since a host on
 * which something is still unread is not as it was.
 */
function rereads(undo: readonly Action[], planned: readonly Change[]): readonly Action[] {
  return services.flatMap((service): Action[] => {
    const written = undo.some((action) => action.do === 'write' && action.service === service);
    const read = undo.some((action) => action.do === 'service' && action.service === service);
    const runs = planned
      .flatMap(({ actions }) => actions)
      .some(
        (action) =>
          (action.do === 'reload-together' && action.service === service) ||
          (action.do === 'service' &&
            action.service === service &&
            (action.verb === 'reload' || action.verb === 'restart')),
      );
    return written && !read && runs ? [{ do: 'service', service, verb: 'reload' }] : [];
  });
}
