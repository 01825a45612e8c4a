import type { ConnectionKind } from '../model/report.ts';
import type { Target } from './ask.ts';
import type { ConnectionFate } from './connection-fates.ts';
import { type HeldConnection, heldConnection } from './held-connection.ts';

export interface ConnectionOptions {
  readonly targets: readonly Target[];
  /** How many of each kind to each target. */
  readonly each: number;
}

/** Address → what became of its connections. */
export type ConnectionFates = ReadonlyMap<string, readonly ConnectionFate[]>;

export interface HeldConnections {
  /** Resolves when every connection has been opened, or could not be. */
  readonly opened: Promise<void>;
  /** Sends on each that is still open, waits for the answers, and ends them all. Once. */
  ask(): Promise<ConnectionFates>;
  /** Once the address is where it was: that host forgets the connections that were not ended in order. Does not reject. */
  forget(): Promise<void>;
}

/** A request that is not answered by then has no answer: `timeoutMs` of the sampler. */
const answerLimitMs = 900;
const openLimitMs = 3_000;

/** One after the other, so that haup is no burst of connections. */
const openEveryMs = 2;

/** How often each busy connection sends: five requests a second cost a server next to nothing. */
const beatMs = 200;
const turns = 10;

/** The kinds of connections that can be told from each other there; none where no HTTP is spoken. */
export function kindsFor({ kind = 'http' }: Target): readonly ConnectionKind[] {
  const http1 = ['busy', 'idle', 'underway'] as const;
  // Whether a site speaks HTTP/2 over TLS is agreed when a client connects.
  return { http: http1, https: [...http1, 'http2' as const], h2c: ['http2' as const], tls: [], tcp: [] }[
    kind
  ];
}

interface Entry {
  readonly address: string;
  readonly kind: ConnectionKind;
  readonly connection: HeldConnection;
  openedMs: number | null;
  endedMs: number | null;
  end: ConnectionFate['end'];
}

export function holdConnections({ targets, each }: ConnectionOptions, now: () => number): HeldConnections {
  const wanted = targets.flatMap((target) =>
    kindsFor(target).flatMap((kind) => Array.from({ length: each }, () => ({ target, kind }))),
  );
  const entries: Entry[] = [];
  let changed = (): void => {};
  const open = (target: Target, kind: ConnectionKind): void =>
    void entries.push(openEntry(target, kind, now, () => changed()));
  /** Resolves when it holds for every connection, or after `limitMs`. */
  const until = (limitMs: number, holds: (entry: Entry) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      changed = () => {
        if (entries.length < wanted.length || !entries.every(holds)) return;
        clearTimeout(timer);
        resolve();
      };
      changed();
    });

  wanted.forEach(({ target, kind }, index) => setTimeout(open, index * openEveryMs, target, kind));
  const beating = beatInTurn(entries);
  return {
    opened: until(
      openLimitMs + wanted.length * openEveryMs,
      ({ openedMs, endedMs }) => openedMs !== null || endedMs !== null,
    ),
    ask: async () => {
      clearInterval(beating);
      for (const { connection, endedMs } of entries) if (endedMs === null) connection.ask();
      await until(answerLimitMs, ({ endedMs }) => endedMs !== null);
      for (const entry of entries) if (entry.endedMs === null) end(entry, 'unanswered', now());
      return new Map(targets.map(({ address }) => [address, fatesOf(entries, address)]));
    },
    forget: async () => {
      const halfOpen = entries.filter(
        ({ openedMs, end: how }) => openedMs !== null && (how === 'cut' || how === 'unanswered'),
      );
      await Promise.all(halfOpen.map(({ connection }) => connection.forget()));
    },
  };
}

function openEntry(target: Target, kind: ConnectionKind, now: () => number, changed: () => void): Entry {
  const connection = heldConnection(kind, target, (event) => {
    if (event === 'opened') entry.openedMs = now();
    else if (entry.endedMs === null) end(entry, event, now());
    changed();
  });
  const entry: Entry = {
    address: target.address,
    kind,
    connection,
    openedMs: null,
    endedMs: null,
    end: 'unanswered',
  };
  return entry;
}

function end(entry: Entry, how: ConnectionFate['end'], nowMs: number): void {
  entry.endedMs = nowMs;
  entry.end = how;
  entry.connection.destroy();
}

/** A tenth of the connections at a time, so that haup is no burst of requests. */
function beatInTurn(entries: readonly Entry[]): NodeJS.Timeout {
  let turn = 0;
  return setInterval(() => {
    turn = (turn + 1) % turns;
    entries.forEach(({ connection, endedMs }, index) => {
      if (endedMs === null && index % turns === turn) connection.beat();
    });
  }, beatMs / turns);
}

const fatesOf = (entries: readonly Entry[], address: string): readonly ConnectionFate[] =>
  entries.flatMap(({ address: own, kind, openedMs, endedMs, end: how }) =>
    own !== address || openedMs === null || endedMs === null ? [] : [{ kind, openedMs, endedMs, end: how }],
  );
