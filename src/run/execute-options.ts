import type { HostName } from '../model/domain.ts';
import type { Emit } from '../model/events.ts';
import type { Host } from '../model/host.ts';
import type { StateLabel } from '../model/kept-state.ts';
import type { Change, CheckName, Stage } from '../model/plan.ts';
import type { PackStore } from './pack-store.ts';

/** Connections that live on at the host that has given their VIP up. */
export interface KeptConnections {
  /** Waits until they have ended, or had their time. Rejects when the signal aborts: the hosts then end it themselves. */
  readonly end: (signal: AbortSignal) => Promise<void>;
  /** At once. */
  readonly abandon: () => Promise<void>;
}

export interface ExecuteOptions {
  readonly emit: Emit;
  readonly now: () => number;
  /** Every line that a host prints while it is changed, for the log. */
  readonly log: (host: HostName, line: string) => void;
  /** Builds on their way from host to host. */
  readonly packs: Pick<PackStore, 'ready' | 'put' | 'fail'>;
  /** Whose run this is, for the states that are kept on the hosts. */
  readonly label: Omit<StateLabel, 'changes'>;
  /** Aborts when the lock is broken. */
  readonly taken: AbortSignal;
  /** A moment at which hosts act together, by the clock of each. */
  readonly agree: (hosts: readonly Host[], signal: AbortSignal) => Promise<ReadonlyMap<HostName, number>>;
  /** Around the part of a host's turn that can be noticed; `before` may refuse it. */
  readonly turns: {
    readonly before: (host: HostName, changes: readonly Change[]) => Promise<void>;
    readonly after: (host: HostName, changes: readonly Change[], failure: unknown) => Promise<void>;
  };
  /**
   * Keeps the connections that are open to the VIPs that a change is about to move. Null: it moves none, or they cannot
   * be kept.
   */
  readonly keep: (host: HostName, change: Change) => Promise<KeptConnections | null>;
  /**
   * Before changes that interrupt what still serves them: waits for connections that a run which was cut off has left with
   * a host. Rejects when the signal aborts.
   */
  readonly awaitKept: (host: HostName, changes: readonly Change[], signal: AbortSignal) => Promise<void>;
  /** Resolves when the checks hold for the hosts of a track, rejects with GATE_FAILED. */
  readonly gate: (
    checks: readonly CheckName[],
    hosts: readonly HostName[],
    signal: AbortSignal,
    about?: Pick<Stage, 'addresses' | 'settling' | 'strangers' | 'pending'>,
  ) => Promise<void>;
}
