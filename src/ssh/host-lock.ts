/**
 * A lock on a host that its kernel holds: flock by a process that lives as long as the operator's channel,
 * and that also ends by itself when the operator's machine stops sending signs of life. So it never outlives
 * its owner by more than `silenceSeconds`, and there is no stale file to clean up.
 */

import type { HostName } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { HostLock } from '../model/host.ts';
import { lockFile } from '../model/layout.ts';
import type { LockOwner } from '../model/lock-owner.ts';
import { ownerWord, readOwnerWord } from '../base/owner-word.ts';
import { type DrillName, isDrillName } from '../model/fault.ts';
import { hostScript } from '../base/host-script.ts';
import type { Connection } from './transport.ts';

const beatFile = `${lockFile}.beat`;
const beatEveryMs = 10_000;
const silenceSeconds = 40;
const limitMs = 12 * 3600_000;
/** A host that does not answer by then is ill. */
const answerMs = 20_000;

/** Resolves at once: to the lock, or to whoever has it. */
export async function takeLock(
  connection: Connection,
  owner: LockOwner,
  signal: AbortSignal,
): Promise<HostLock | LockOwner> {
  const release = new AbortController();
  const holding = connection.lines(
    { script: holdScript(owner), root: true, timeoutMs: limitMs },
    release.signal,
  );
  const lines = holding[Symbol.asyncIterator]();
  const late = setTimeout(() => release.abort(), answerMs);
  const first = await lines.next().finally(() => clearTimeout(late));
  const [state, detail = ''] = first.done === true ? ['', ''] : first.value.split('\t');
  if (signal.aborted) {
    release.abort();
    throw signal.reason;
  }
  if (state === 'busy') {
    release.abort();
    return readOwnerWord(detail);
  }
  if (release.signal.aborted) {
    throw new HaupError('COMMAND_TIMED_OUT', `The host could not be locked within ${answerMs / 1000} s.`, {
      host: connection.host,
      hint: 'It answers, but something on it hangs: check it over ssh (uptime, dmesg).',
    });
  }
  if (state !== 'held') {
    throw new HaupError('COMMAND_FAILED', 'The host did not report whether it can be locked.', {
      host: connection.host,
      hint: 'flock of util-linux is needed on the host, and /run must be writable.',
    });
  }
  return heldLock(connection, lines, release, isDrillName(detail) ? detail : null);
}

/** The lock, until it is disposed or `lines` end: the channel on which the host holds it. */
function heldLock(
  connection: Connection,
  lines: AsyncIterator<string>,
  release: AbortController,
  drill: DrillName | null,
): HostLock {
  const lost = new AbortController();
  const ending = endOf(lines, connection.host);
  const script = hostScript('sign-of-life', { beat_file: beatFile });
  const beats = setInterval(() => {
    void connection.run({ script, root: true, timeoutMs: beatEveryMs }, lost.signal).catch(() => undefined);
  }, beatEveryMs);
  beats.unref();
  void ending.then((error) => {
    clearInterval(beats);
    if (release.signal.aborted) return;
    lost.abort(
      error instanceof HaupError && error.code === 'CONNECTION_LOST'
        ? error
        : new HaupError('LOCKED', 'The lock on this host was broken while haup was working.', {
            host: connection.host,
            hint: 'Someone ran haup unlock, or the host was cut off. haup plan shows what is left to do.',
          }),
    );
  });
  return {
    lost: lost.signal,
    drill,
    [Symbol.asyncDispose]: async () => {
      release.abort();
      clearInterval(beats);
      await ending;
    },
  };
}

/** Resolves when the lock has ended: to the error that ended it; null: its process did. */
async function endOf(lines: AsyncIterator<string>, host: HostName): Promise<unknown> {
  let last = '';
  try {
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) last = line.value;
  } catch (error) {
    return error;
  }
  if (last !== 'down') return null;
  return new HaupError('CONNECTION_LOST', 'The host is shutting down or rebooting.', {
    host,
    hint: 'Once the host answers, run the command again: it finishes what is left.',
  });
}

/** Who holds the lock of a host; null: it is free. Reads only. */
export async function lockOwner(connection: Connection, signal: AbortSignal): Promise<LockOwner | null> {
  const { stdout } = await connection.run(
    {
      script: hostScript('lock-owner'),
      root: true,
      timeoutMs: 10_000,
    },
    signal,
  );
  const word = stdout.toString('utf8').trim();
  return word === '' ? null : readOwnerWord(word);
}

/** Chosen by haup. */
const finishingStatus = 78;

/**
 * Ends whatever process has the lock's file open: the kernel knows it, whoever owns it. What was entrusted to the
 * host is finished first.
 */
export async function breakLock(connection: Connection, signal: AbortSignal): Promise<void> {
  const { code } = await connection.run(
    {
      script: hostScript('break-lock', { finishing_status: finishingStatus }),
      root: true,
      timeoutMs: 30_000,
    },
    signal,
  );
  if (code === 0) return;
  if (code === finishingStatus) {
    throw new HaupError('LOCKED', 'The host is finishing a change that all its members must make.', {
      host: connection.host,
      hint: 'Let it: it takes three adverts and a second, and unlocks the host itself. Then look at haup plan.',
    });
  }
  throw new HaupError('COMMAND_FAILED', 'The lock could not be broken: its process does not end.', {
    host: connection.host,
    hint: `Look for the process that has ${lockFile} open on the host, and end it there.`,
  });
}

const holdScript = (owner: LockOwner): string =>
  hostScript('hold-lock', { beat_file: beatFile, owner: ownerWord(owner), silence: silenceSeconds });
