import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostSpec, SshSettings } from '../../src/model/domain.ts';
import { HaupError } from '../../src/model/errors.ts';
import { type Connection, connect, type ConnectOptions } from '../../src/ssh/transport.ts';
import { hangMs } from '../limits.ts';
import { scratchDirectory } from '../scratch.ts';

/** A host of an inventory that says nothing but its port. */
export function spec(port: number | null, ssh: Partial<SshSettings> = {}, address = '127.0.0.1'): HostSpec {
  const unset = {
    user: null,
    identityFile: null,
    jump: null,
    hostKey: null,
    password: null,
    sudoPassword: null,
  };
  return { name: 'keep_136', address, interface: null, ssh: { ...unset, port, ...ssh } };
}

export function options(sshConfigFile: string, more: Partial<ConnectOptions> = {}): ConnectOptions {
  const { SSH_AUTH_SOCK: _, ...env } = process.env;
  return {
    sshConfigFile,
    strictHostKey: 'accept-new',
    connectTimeoutMs: hangMs(10_000),
    env,
    home: '/nonexistent',
    ...more,
  };
}

export const never: AbortSignal = new AbortController().signal;

/** An ssh_config in a directory of its own, with a known_hosts file beside it. */
export function sshConfig(lines: readonly string[] = []): {
  readonly dir: string;
  readonly file: string;
  readonly known: string;
} {
  const dir = scratchDirectory();
  const known = join(dir, 'known_hosts');
  const file = join(dir, 'config');
  writeFileSync(
    file,
    [
      ...lines,
      'Host *',
      '  User root',
      `  UserKnownHostsFile ${known}`,
      '  GlobalKnownHostsFile none',
      '  IdentityFile none',
      '',
    ].join('\n'),
  );
  return { dir, file, known };
}

export async function connectTo(
  host: HostSpec,
  config: string,
  more: Partial<ConnectOptions> = {},
): Promise<Connection> {
  return await connect(host, options(config, more), never);
}

/** The HaupError that this rejects with. */
export async function failure(work: Promise<unknown>): Promise<HaupError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof HaupError)) throw error;
  return error;
}
