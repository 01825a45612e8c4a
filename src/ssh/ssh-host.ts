import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Action } from '../model/action.ts';
import type { ActResult, Host, ReadScript } from '../model/host.ts';
import { toJob } from './actions.ts';
import { jobFailure } from './job-failure.ts';
import type { RemoteJob, Store } from './remote-job.ts';
import { breakLock, lockOwner, takeLock } from './host-lock.ts';
import { readPack } from './builds/pack-build.ts';
import type { Connection } from './transport.ts';

/** For what may take its time; whoever knows better says so. */
const readLimitMs = 60_000;
/** A watch ends with its drill; this is the limit for one that was forgotten. */
const watchLimitMs = 30 * 60_000;

/** The port `Host` over an SSH connection. `store` gives what the operator's machine has ready to push. */
export function sshHost(connection: Connection, store: Store): Host {
  return {
    name: connection.host,
    read: (script, signal, limitMs = readLimitMs) => read(connection, script, signal, limitMs),
    watch: (script, signal) => connection.lines({ script, root: true, timeoutMs: watchLimitMs }, signal),
    lock: (owner, signal) => takeLock(connection, owner, signal),
    lockOwner: (signal) => lockOwner(connection, signal),
    breakLock: (signal) => breakLock(connection, signal),
    act: async (action: Action, signal, onLine) => {
      if (action.do === 'pack-build') {
        const { output } = await runJob(connection, toJob(action, store), signal, onLine);
        const pack = await bytesOf(connection, readPack(action.recipe, action.pack), signal);
        return { output, pack };
      }
      return runJob(connection, toJob(action, store), signal, onLine);
    },
  };
}

async function read(
  connection: Connection,
  script: ReadScript,
  signal: AbortSignal,
  limitMs: number,
): Promise<Uint8Array> {
  const { code, stdout, stderr } = await connection
    .run({ script, root: true, timeoutMs: limitMs }, signal)
    .catch((error: unknown) => {
      throw error instanceof HaupError && error.code === 'COMMAND_TIMED_OUT'
        ? silent(connection.host, limitMs, error)
        : error;
    });
  if (code === 0) return stdout;
  throw new HaupError('COMMAND_FAILED', `Reading from the host failed with exit status ${code}.`, {
    host: connection.host,
    detail: stderr.toString('utf8').split('\n').slice(-5),
  });
}

async function runJob(
  connection: Connection,
  job: RemoteJob,
  signal: AbortSignal,
  onLine?: (line: string) => void,
): Promise<ActResult> {
  const { code, stdout, stderr } = await connection.run(
    {
      script: job.script,
      root: true,
      timeoutMs: job.timeoutMs,
      ...(job.stdin === undefined ? {} : { stdin: job.stdin }),
      ...(job.lifeline === true ? { lifeline: true } : {}),
    },
    signal,
    onLine,
  );
  const output = stdout.toString('utf8') + stderr.toString('utf8');
  if (code !== 0) throw jobFailure(connection.host, job, code, output);
  return { output };
}

async function bytesOf(connection: Connection, job: RemoteJob, signal: AbortSignal): Promise<Uint8Array> {
  const { code, stdout, stderr } = await connection.run(
    { script: job.script, root: true, timeoutMs: job.timeoutMs },
    signal,
  );
  if (code !== 0) throw jobFailure(connection.host, job, code, stderr.toString('utf8'));
  return stdout;
}

const silent = (host: HostName, limitMs: number, cause: HaupError): HaupError =>
  new HaupError('COMMAND_TIMED_OUT', `The host did not report its state within ${limitMs / 1000} s.`, {
    host,
    cause,
    hint: 'It answers, but a program on it hangs: try ip addr, systemctl and df there.',
  });
