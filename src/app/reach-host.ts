import type { HostSpec } from '../model/domain.ts';
import type { Host } from '../model/host.ts';
import { sshHost } from '../ssh/ssh-host.ts';
import type { Store } from '../ssh/remote-job.ts';
import type { Shares } from '../ssh/shares.ts';
import { connect, type ConnectOptions } from '../ssh/transport.ts';

/** A host that can be talked to until it is disposed. */
export interface ReachedHost extends AsyncDisposable {
  readonly host: Host;
}

export interface ReachOptions
  extends Pick<ConnectOptions, 'strictHostKey' | 'connectTimeoutMs' | 'silenceMs' | 'debug'> {
  /** What is ready to be pushed: downloads and builds. */
  readonly store: Store;
  readonly shares: Shares;
  readonly signal: AbortSignal;
}

/** Connects to one host over SSH. Rejects with a HaupError. */
export async function reachOverSsh(
  spec: HostSpec,
  { store, shares, signal, ...options }: ReachOptions,
  { env, home }: Pick<ConnectOptions, 'env' | 'home'>,
): Promise<ReachedHost> {
  const configFile = env['HAUP_SSH_CONFIG'];
  const connection = await connect(
    spec,
    { ...options, env, home, ...(configFile === undefined ? {} : { sshConfigFile: configFile }) },
    signal,
  );
  return {
    host: sshHost(connection, store, shares),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
