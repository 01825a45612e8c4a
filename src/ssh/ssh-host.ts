import { HaupError } from '../model/errors.ts';
import type { Action } from '../model/action.ts';
import type { ActResult, Host } from '../model/host.ts';
import { toJob } from './actions.ts';
import { type RemoteJob, type Store } from './remote-job.ts';
import { staleStatus } from './write-set.ts';
import { adviceOn, telling } from './advice.ts';
import { damagedStatus } from './builds/build-steps.ts';
import { breakLock, lockOwner, takeLock } from './host-lock.ts';
import { readPack } from './builds/pack-build.ts';
import type { Connection } from './transport.ts';

/** For what may take its time; whoever knows better says so. */
const readLimitMs = 60_000;
/** A watch ends with its drill; this is the limit for one that was forgotten. */
const watchLimitMs = 30 * 60_000;

/** The port `Host` over an SSH connection. `store` gives what the operator's machine has ready to push. */
export function sshHost(connection: Connection, store: Store): Host {
  const name = connection.host;

  async function runJob(
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
    if (code !== 0) throw failure(job, code, output);
    return { output };
  }

  async function bytesOf(job: RemoteJob, signal: AbortSignal): Promise<Uint8Array> {
    const { code, stdout, stderr } = await connection.run(
      { script: job.script, root: true, timeoutMs: job.timeoutMs },
      signal,
    );
    if (code !== 0) throw failure(job, code, stderr.toString('utf8'));
    return stdout;
  }

  const ill = (limitMs: number, cause: HaupError): HaupError =>
    new HaupError('COMMAND_TIMED_OUT', `The host did not report its state within ${limitMs / 1000} s.`, {
      host: name,
      cause,
      hint: 'It answers, but a program on it hangs: try ip addr, systemctl and df there.',
    });

  function failure(job: RemoteJob, code: number, output: string): HaupError {
    const detail = telling(job.failure, output);
    const what = job.parts?.[code] ?? job.what;
    if (code === staleStatus) {
      return new HaupError(
        'PLAN_STALE',
        `The host has changed since the plan was made: ${detail.at(-1) ?? ''}.`,
        {
          host: name,
          hint: 'Nothing was written. Run haup plan to see how it is now.',
        },
      );
    }
    if (/No space left on device|Disk quota exceeded/.test(output)) {
      return new HaupError('DISK_FULL', `The disk is full: ${what} failed.`, {
        host: name,
        hint: 'Free some space (df -h on the host shows where) and run haup apply again. The installed files are untouched.',
        detail: detail.slice(-5),
      });
    }
    const meant = job.explain?.(code, output) ?? job.meaning?.[code];
    if (meant !== undefined) {
      const { code: error, message, ...more } = meant;
      return new HaupError(error, message, { host: name, detail, ...more });
    }
    if (code === damagedStatus) {
      return new HaupError('CHECKSUM_MISMATCH', `${what}: it arrived damaged and was discarded.`, {
        host: name,
        hint: 'Run haup apply again. If it happens again, check the disk and memory of the host.',
        detail,
      });
    }
    return new HaupError(job.failure, `${what} failed with exit status ${code}.`, {
      host: name,
      hint: adviceOn(job.failure, output),
      detail,
    });
  }

  return {
    name,
    read: async (script, signal, limitMs = readLimitMs) => {
      const { code, stdout, stderr } = await connection
        .run({ script, root: true, timeoutMs: limitMs }, signal)
        .catch((error: unknown) => {
          throw error instanceof HaupError && error.code === 'COMMAND_TIMED_OUT'
            ? ill(limitMs, error)
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
