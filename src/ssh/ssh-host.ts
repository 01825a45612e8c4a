import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Action } from '../model/action.ts';
import type { ActResult, Host } from '../model/host.ts';
import { toJob } from './actions.ts';
import { jobFailure } from './job-failure.ts';
import type { RemoteJob, Store } from './remote-job.ts';
import { breakLock, lockOwner, takeLock } from './host-lock.ts';
import { readPack } from './builds/pack-build.ts';
import { inTurn, isUpload, type Shares } from './shares.ts';
import type { Connection } from './transport.ts';

/** For what may take its time; whoever knows better says so. */
const readLimitMs = 60_000;
/** A watch ends with its drill; this is the limit for one that was forgotten. */
const watchLimitMs = 30 * 60_000;

/** The port `Host` over an SSH connection. `store` gives what the operator's machine has ready to push. */
export function sshHost(connection: Connection, store: Store, { reads, uploads }: Shares): Host {
  const name = connection.host;

  async function runJob(
    job: RemoteJob,
    signal: AbortSignal,
    onLine?: (line: string) => void,
  ): Promise<ActResult> {
    const run = () =>
      connection.run(
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
    const { code, stdout, stderr } = await (isUpload(job.stdin) ? inTurn(uploads, name, signal, run) : run());
    const output = stdout.toString('utf8') + stderr.toString('utf8');
    if (code !== 0) throw jobFailure(name, job, code, output);
    return { output };
  }

  async function bytesOf(job: RemoteJob, signal: AbortSignal): Promise<Uint8Array> {
    const { code, stdout, stderr } = await connection.run(
      { script: job.script, root: true, timeoutMs: job.timeoutMs },
      signal,
    );
    if (code !== 0) throw jobFailure(name, job, code, stderr.toString('utf8'));
    return stdout;
  }

  return {
    name,
    read: async (script, signal, limitMs = readLimitMs) => {
      const run = () => connection.run({ script, root: true, timeoutMs: limitMs }, signal);
      const { code, stdout, stderr } = await inTurn(reads, name, signal, run).catch((error: unknown) => {
        throw error instanceof HaupError && error.code === 'COMMAND_TIMED_OUT'
          ? silent(name, limitMs, error)
          : error;
      });
      if (code !== 0) {
        throw new HaupError('COMMAND_FAILED', `Reading from the host failed with exit status ${code}.`, {
          host: name,
          detail: stderr.toString('utf8').split('\n').slice(-5),
        });
      }
      return stdout;
    },
    watch: (script, signal) => connection.lines({ script, root: true, timeoutMs: watchLimitMs }, signal),
    lock: (owner, signal) => takeLock(connection, owner, signal),
    lockOwner: (signal) => lockOwner(connection, signal),
    breakLock: (signal) => breakLock(connection, signal),
    act: async (action: Action, signal, onLine) => {
      if (action.do === 'pack-build') {
        const { output } = await runJob(toJob(action, store), signal, onLine);
        return { output, pack: await bytesOf(readPack(action.recipe, action.pack), signal) };
      }
      return runJob(toJob(action, store), signal, onLine);
    },
  };
}

const silent = (host: HostName, limitMs: number, cause: HaupError): HaupError =>
  new HaupError('COMMAND_TIMED_OUT', `The host did not report its state within ${limitMs / 1000} s.`, {
    host,
    cause,
    hint: 'It answers, but a program on it hangs: try ip addr, systemctl and df there.',
  });
