import { type LiveHost, liveReport } from '../check/live-report.ts';
import { hostChanges, settledChanges } from '../check/status-changes.ts';
import { holderMoves } from '../measure/holder-moves.ts';
import type { AddressEvent } from '../measure/tenures.ts';
import type { HostName } from '../model/domain.ts';
import type { HaupError } from '../model/errors.ts';
import type { HolderMove, StatusChange, StatusReport } from '../model/status-shape.ts';
import type { Context } from './command-context.ts';
import { followHost, type Told } from './follow-host.ts';
import { limited, openInventory } from './open-inventory.ts';
import type { GlobalOptions } from './options.ts';

/** What is known of the hosts at one moment. */
export interface StatusLook {
  readonly report: StatusReport;
  /** The latest last. */
  readonly moves: readonly HolderMove[];
  /** Hosts that have neither answered nor failed to. */
  readonly waiting: readonly HostName[];
  /** Since the last look; none as long as hosts are waited for. */
  readonly changes: readonly StatusChange[];
  readonly nowMs: number;
}

/** By then the events of a move have come from all hosts, and what was true only in the middle of it is over. */
const settleMs = 1000;
/** Of each VIP; older ones are forgotten. */
const keptEvents = 200;

type News = Parameters<Told>;

/** What following the hosts has shown so far. */
interface Known {
  /** Null: it was lost, or never reached. */
  readonly hosts: Map<HostName, LiveHost | null>;
  readonly failures: Map<HostName, HaupError>;
  /** Of each VIP. */
  readonly events: ReadonlyMap<string, AddressEvent[]>;
}

/**
 * `haup status --watch`: connects, and shows a look at every change until the context's signal aborts. Resolves to the
 * failures of the hosts that cannot be watched now; before that only when none of them ever will be.
 */
export async function watchStatus(
  context: Context,
  path: string | undefined,
  options: GlobalOptions,
  show: (look: StatusLook) => void,
): Promise<readonly HaupError[]> {
  const inventory = await openInventory(context, path);
  const names = limited(inventory, options.limit);
  const known: Known = {
    hosts: new Map(),
    failures: new Map(),
    events: new Map(inventory.vips.map(({ address }) => [address.address, []])),
  };
  const looks = startLooks(context.now, show, (nowMs) => ({
    report: liveReport(inventory, known.hosts, nowMs),
    moves: movesSeen(known),
    waiting: names.filter((name) => !known.hosts.has(name)),
    nowMs,
  }));
  const follow = (name: HostName): Promise<void> =>
    followHost(context, inventory, options, name, (...news) => {
      learn(known, name, ...news);
      looks.soon();
    });
  await Promise.all(names.map(follow));
  looks.end();
  return [...known.failures.values()];
}

function learn({ hosts, failures, events }: Known, name: HostName, ...[host, changes, error]: News): void {
  hosts.set(name, host);
  if (error === null) failures.delete(name);
  else failures.set(name, error);
  for (const { address, held, atMs } of changes) {
    const seen = events.get(address);
    seen?.push({ at: atMs, host: name, address, held });
    seen?.splice(0, seen.length - keptEvents);
  }
}

const movesSeen = ({ events }: Known): readonly HolderMove[] =>
  [...events].flatMap(([vip, seen]) => holderMoves(vip, seen)).toSorted((a, b) => a.atMs - b.atMs);

interface Looks {
  /** Lines that came together are one look. */
  soon(): void;
  end(): void;
}

/** Looks at once, whenever told to, and a second time when what has changed has settled. */
function startLooks(
  now: () => number,
  show: (look: StatusLook) => void,
  lookAt: (nowMs: number) => Omit<StatusLook, 'changes'>,
): Looks {
  let [shown, settled]: [StatusReport | null, StatusReport | null] = [null, null];
  let toldUntilMs = now();
  let pending: NodeJS.Immediate | null = null;
  let settling: NodeJS.Timeout | null = null;

  const look = (changesOf: (seen: Omit<StatusLook, 'changes'>) => readonly StatusChange[]): void => {
    const seen = lookAt(now());
    show({ ...seen, changes: seen.waiting.length > 0 ? [] : changesOf(seen) });
  };
  const lookNow = (): void => {
    pending = null;
    look(({ report }) => {
      const changes = hostChanges(shown, report);
      shown = report;
      return changes;
    });
    settling ??= setTimeout(lookSettled, settleMs);
  };
  const lookSettled = (): void => {
    settling = null;
    look(({ report, moves, nowMs }) => {
      const untilMs = nowMs - settleMs;
      const ended = moves.filter(({ atMs }) => atMs > toldUntilMs && atMs <= untilMs);
      // The rest is told when it has settled, too.
      if (moves.some(({ atMs }) => atMs > untilMs)) settling = setTimeout(lookSettled, settleMs);
      toldUntilMs = untilMs;
      const changes = [
        ...ended.map((move): StatusChange => ({ type: 'move', ...move })),
        ...settledChanges(settled, report),
      ];
      settled = report;
      return changes;
    });
  };
  lookNow();
  return {
    soon: () => {
      pending ??= setImmediate(lookNow);
    },
    end: () => {
      if (pending !== null) {
        clearImmediate(pending);
        lookNow();
      }
      if (settling !== null) clearTimeout(settling);
    },
  };
}
