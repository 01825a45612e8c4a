import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { Host } from '../model/host.ts';
import { throwFailures } from '../base/failures.ts';
import type { Store } from '../ssh/remote-job.ts';
import type { Connection } from '../ssh/transport.ts';
import type { Context } from './command-context.ts';
import type { GlobalOptions } from './options.ts';

/** Connections to hosts, closed together. */
export interface Connected extends AsyncDisposable {
  readonly hosts: ReadonlyMap<HostName, Host>;
  /** Why the others could not be reached. */
  readonly failures: ReadonlyMap<HostName, HaupError>;
}

export interface ConnectSettings {
  readonly names: readonly HostName[];
  readonly emit?: Emit;
  /** What is ready to be pushed: downloads and builds. */
  readonly store?: Store;
}

/** Connects to all hosts at once; a host that fails is in `failures`. */
export async function connectSome(
  context: Context,
  inventory: Inventory,
  options: GlobalOptions,
  { names, emit, store }: ConnectSettings,
): Promise<Connected> {
  const [{ connect }, { sshHost }] = await Promise.all([
    import('../ssh/transport.ts'),
    import('../ssh/ssh-host.ts'),
  ]);
  const configFile = context.env['HAUP_SSH_CONFIG'];
  const hosts = new Map<HostName, Host>();
  const failures = new Map<HostName, HaupError>();
  const connections: Connection[] = [];
  await Promise.all(
    inventory.hosts
      .filter(({ name }) => names.includes(name))
      .map(async (spec) => {
        emit?.({ type: 'connecting', host: spec.name });
        try {
          const connection = await connect(
            spec,
            {
              ...(configFile === undefined ? {} : { sshConfigFile: configFile }),
              strictHostKey: options.strictHostKey,
              connectTimeoutMs: seconds(options.connectTimeout) * 1000,
              env: context.env,
              home: context.home,
              ...(options.debug === true
                ? { debug: (line: string) => context.err(`[${spec.name}] ${line}\n`) }
                : {}),
            },
            context.signal,
          );
          connections.push(connection);
          hosts.set(
            spec.name,
            sshHost(connection, { ...(store ?? emptyStore), lockWait: inventory.packages.lockWait }),
          );
          emit?.({ type: 'connected', host: spec.name });
        } catch (error) {
          if (!(error instanceof HaupError)) throw error;
          failures.set(spec.name, error);
        }
      }),
  );
  return {
    hosts,
    failures,
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(connections.map((connection) => connection[Symbol.asyncDispose]()));
    },
  };
}

/** The same, but every host must be there: else all failures are thrown and nothing was changed. */
export async function connectAll(
  context: Context,
  inventory: Inventory,
  options: GlobalOptions,
  settings: ConnectSettings,
): Promise<Connected> {
  const connected = await connectSome(context, inventory, options, settings);
  if (connected.failures.size > 0) {
    await connected[Symbol.asyncDispose]();
    throwFailures(
      [...connected.failures.values()].map((reason) => ({ status: 'rejected' as const, reason })),
    );
  }
  return connected;
}

const notReady = (what: string): never => {
  throw new Error(`${what} is pushed before it is ready`);
};
const emptyStore: Store = {
  tarball: ({ name }) => notReady(name),
  pack: ({ key }) => notReady(key),
};

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 3600) return value;
  throw new HaupError('USAGE', `--connect-timeout ${text} is not a number of seconds.`, {
    hint: 'Give 1 to 3600.',
  });
}
