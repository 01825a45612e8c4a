import type { HostName, HostSpec, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Host } from '../model/host.ts';
import type { Store } from '../ssh/remote-job.ts';
import type { Context } from './command-context.ts';
import { numberOption } from './number-option.ts';
import type { GlobalOptions } from './options.ts';

/** Connections to hosts, closed together. */
export interface Connected extends AsyncDisposable {
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** Why the others could not be reached. */
  readonly failures: ReadonlyMap<HostName, HaupError>;
}

export interface ConnectSettings {
  readonly names: readonly HostName[];
  /** What is ready to be pushed: downloads and builds. */
  readonly store?: Store;
  /** How long a host may be silent before it counts as lost; absent: as `connect` has it. */
  readonly silenceMs?: number;
}

/**
 * A login takes this machine some 50 ms of CPU time, and has a limit. Those of hundreds of hosts at once would make each
 * other late; one host that does not answer keeps no other waiting as long as there are fewer of them than turns.
 */
const loginsAtOnce = 32;

/** Connects to all hosts, at most `loginsAtOnce` at a time; a host that fails is in `failures`. */
export async function connectSome(
  context: Context,
  inventory: Inventory,
  options: GlobalOptions,
  { names, store = emptyStore, silenceMs }: ConnectSettings,
): Promise<Connected> {
  const connectTimeoutMs = numberOption('--connect-timeout', options.connectTimeout) * 1000;
  const hosts = new Map<HostName, Host>();
  const failures = new Map<HostName, HaupError>();
  const open: AsyncDisposable[] = [];
  const connect = async (spec: HostSpec): Promise<void> => {
    try {
      const reached = await context.reach(spec, {
        strictHostKey: options.strictHostKey,
        connectTimeoutMs,
        ...(silenceMs === undefined ? {} : { silenceMs }),
        ...(options.debug === true
          ? { debug: (line: string) => context.err(`[${spec.name}] ${line}\n`) }
          : {}),
        store: { ...store, lockWait: inventory.packages.lockWait },
        signal: context.signal,
      });
      open.push(reached);
      hosts.set(spec.name, reached.host);
    } catch (error) {
      if (!(error instanceof HaupError)) throw error;
      failures.set(spec.name, error);
    }
  };
  const next = inventory.hosts.filter(({ name }) => names.includes(name)).values();
  const connectInTurn = async (): Promise<void> => {
    for (const spec of next) await connect(spec);
  };
  await Promise.all(Array.from({ length: loginsAtOnce }, connectInTurn));
  return {
    hosts,
    failures,
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(open.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

const notReady = (what: string): never => {
  throw new Error(`${what} is pushed before it is ready`);
};
const emptyStore: Store = {
  tarball: ({ name }) => notReady(name),
  pack: ({ key }) => notReady(key),
};
