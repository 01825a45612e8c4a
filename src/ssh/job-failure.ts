import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import { adviceOn, telling } from './advice.ts';
import { damagedStatus } from './builds/build-steps.ts';
import type { RemoteJob } from './remote-job.ts';
import { staleStatus } from './write-set.ts';

/** The error for an exit status: haup's own statuses, the disk, the job's meanings, else what it printed. */
export function jobFailure(host: HostName, job: RemoteJob, code: number, output: string): HaupError {
  const detail = telling(job.failure, output);
  const what = job.parts?.[code] ?? job.what;
  if (code === staleStatus) {
    return new HaupError(
      'PLAN_STALE',
      `The host has changed since the plan was made: ${detail.at(-1) ?? ''}.`,
      {
        host,
        hint: 'Nothing was written. Run haup plan to see how it is now.',
      },
    );
  }
  if (/No space left on device|Disk quota exceeded/.test(output)) {
    return new HaupError('DISK_FULL', `The disk is full: ${what} failed.`, {
      host,
      hint: 'Free some space (df -h on the host shows where) and run haup apply again. The installed files are untouched.',
      detail: detail.slice(-5),
    });
  }
  const meant = job.explain?.(code, output) ?? job.meaning?.[code];
  if (meant !== undefined) {
    const { code: error, message, ...more } = meant;
    return new HaupError(error, message, { host, detail, ...more });
  }
  if (code === damagedStatus) {
    return new HaupError('CHECKSUM_MISMATCH', `${what}: it arrived damaged and was discarded.`, {
      host,
      hint: 'Run haup apply again. If it happens again, check the disk and memory of the host.',
      detail,
    });
  }
  return new HaupError(job.failure, `${what} failed with exit status ${code}.`, {
    host,
    hint: adviceOn(job.failure, output),
    detail,
  });
}
