/** Changes on one host: their actions in order, each told of. */

import type { Action } from '../model/action.ts';
import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Host } from '../model/host.ts';
import { sayMark } from '../model/layout.ts';
import type { Change, HostWork } from '../model/plan.ts';
import type { ExecuteOptions, KeptConnections } from './execute-options.ts';
import { atMoment } from './agreed-moment.ts';
import { noteOf } from './note.ts';

export interface Round {
  readonly hosts: ReadonlyMap<HostName, Host>;
  readonly begun: Map<Host, Change[]>;
  /** Hosts that nothing can be asked of any more. */
  readonly lost: ReadonlyMap<HostName, HaupError>;
  /** Connections that are kept beyond a change, until the stage has ended. */
  readonly keeping: Set<KeptConnections>;
  readonly options: ExecuteOptions;
  readonly ending: AbortSignal;
}

/** What a host changes in a round of its stage. Rejects when one of the changes fails, which is told. */
export async function hostRound(
  work: HostWork,
  round: number,
  moments: ReadonlyMap<HostName, number>,
  { hosts, begun, lost, keeping, options, ending }: Round,
): Promise<void> {
  const host = hosts.get(work.host);
  if (host === undefined) {
    throw new HaupError('HOST_UNKNOWN', `${work.host} is in the plan but not connected.`, {
      host: work.host,
    });
  }
  const mine = begun.get(host) ?? [];
  begun.set(host, mine);
  try {
    const changes = work.changes.filter((change) => (change.round ?? 0) === round);
    if (lost.size === 0) await options.awaitKept(work.host, changes, ending);
    for (const change of changes) {
      // A set of files is swapped whole or not at all: where that fails there is nothing to put back.
      const atomic = change.actions.every((action) => action.do === 'write');
      if (!atomic) mine.push(change);
      const started = options.now();
      const kept = lost.size === 0 ? await options.keep(work.host, change) : null;
      if (kept !== null) keeping.add(kept);
      await makeChange(host, atMoment(change, moments.get(host.name)), options, ending);
      if (atomic) mine.push(change);
      if (change.after !== undefined && lost.size === 0)
        await options.gate(change.after, [work.host], ending, change);
      // What comes next may interrupt a daemon that still serves them; VIPs that come back do so by the stage's end.
      if (kept !== null && change.after?.includes('released') === true) {
        await kept.end(ending);
        keeping.delete(kept);
      }
      // Not before: a host is drained when another has its VIPs, not when it was told to give them away.
      options.emit({ type: 'changed', host: host.name, change, ms: options.now() - started });
    }
  } catch (caught) {
    const error = reasonOf(caught, ending);
    if (error instanceof HaupError)
      options.emit({ type: 'failed', host: host.name, error: asSeenOn(host, error) });
    // Others may be waiting for what this host was to build.
    for (const action of work.changes.flatMap(({ actions }) => actions)) {
      if (action.do === 'pack-build') options.packs.fail(action.pack, error);
    }
    throw error;
  }
}

/** What was broken off says so; why is what the signal knows: Ctrl-C, a lock that was taken, a host that was lost. */
export const reasonOf = (error: unknown, signal: AbortSignal): unknown =>
  error instanceof HaupError && error.code === 'INTERRUPTED' && signal.aborted ? signal.reason : error;

/** A host that stops because of another one has not failed in the other's way. */
const asSeenOn = ({ name }: Host, error: HaupError): HaupError =>
  error.host === undefined || error.host === name
    ? error
    : new HaupError(error.code, `Stopped because ${error.host} failed.`, { host: name });

async function makeChange(
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
    if (action.do === 'place-build') await packs.ready(action, signal);
    const { pack } = await host.act(action, patience, (line) => {
      log(host.name, line);
      if (line.startsWith(sayMark)) emit({ type: 'said', host: host.name, text: line.slice(sayMark.length) });
    });
    if (action.do === 'pack-build' && pack !== undefined) await packs.put(action, pack, host.name);
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
