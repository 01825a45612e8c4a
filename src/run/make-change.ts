/** One change on one host: its actions in order, each told of. Whether it is done or failed, the caller says. */

import { sayMark } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { Host } from '../model/host.ts';
import type { Change } from '../model/plan.ts';
import type { ExecuteOptions } from './execute.ts';
import { noteOf } from './note.ts';

export async function makeChange(
  host: Host,
  change: Change,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<void> {
  const { emit, log, packs } = options;
  emit({ type: 'changing', host: host.name, change });
  for (const action of change.actions) {
    // Between two actions everything is whole; inside one it is the host's script that keeps it so.
    if (signal.aborted) throw signal.reason;
    if (change.actions.length > 1) emit({ type: 'step', host: host.name, change, note: noteOf(action) });
    log(host.name, `── ${change.title}: ${noteOf(action)}`);
    // What can be dropped at any moment is; the rest is short, and is finished rather than left half done.
    const patience = interruptible.has(action.do) ? signal : uninterrupted;
    if (action.do === 'place-build') await packs.ready(action.pack, signal);
    const { pack } = await host.act(action, patience, (line) => {
      log(host.name, line);
      if (line.startsWith(sayMark)) emit({ type: 'said', host: host.name, text: line.slice(sayMark.length) });
    });
    if (action.do === 'pack-build' && pack !== undefined) await packs.put(action.pack, pack);
  }
}

const interruptible: ReadonlySet<Action['do']> = new Set<Action['do']>([
  'upload',
  'fetch',
  'configure',
  'make',
]);
/** For what is finished once it has begun. */
export const uninterrupted: AbortSignal = new AbortController().signal;
