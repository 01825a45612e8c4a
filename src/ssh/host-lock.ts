/**
 * A lock on a host that its kernel holds: flock by a process that lives as long as the operator's channel,
 * and that also ends by itself when the operator's machine stops sending signs of life. So it never outlives
 * its owner by more than `silenceSeconds`, and there is no stale file to clean up.
 */

import { HaupError } from '../model/errors.ts';
import type { HostLock, LockOwner } from '../model/host.ts';
import { isDrillName } from '../model/fault.ts';
import { entrustedScript, leftDrill } from '../model/layout.ts';
import { finishing } from './entrust.ts';
import { quote } from '../base/quote.ts';
import type { Connection } from './transport.ts';

const file = '/run/haup.lock';
const who = '/run/haup.lock.who';
const beat = '/run/haup.lock.beat';
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
  const lost = new AbortController();
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
    return parseOwner(detail);
  }
  if (release.signal.aborted) {
    throw new HaupError(
      'COMMAND_TIMED_OUT',
      `The host did not let itself be locked within ${answerMs / 1000} s.`,
      {
        host: connection.host,
        hint: 'It answers, but something on it hangs: look at it by ssh (uptime, dmesg).',
      },
    );
  }
  if (state !== 'held') {
    throw new HaupError('COMMAND_FAILED', 'The host did not say whether it can be locked.', {
      host: connection.host,
      hint: 'flock of util-linux is needed on the host, and /run must be writable.',
    });
  }
  const ending = (async (): Promise<unknown> => {
    let last = '';
    try {
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) last = line.value;
      return last === 'down'
        ? new HaupError('CONNECTION_LOST', 'The host is going down: somebody shuts it down or reboots it.', {
            host: connection.host,
            hint: 'Once the host answers, run the command again: it finishes what is left.',
          })
        : null;
    } catch (error) {
      return error;
    }
  })();
  const beats = setInterval(() => {
    void connection
      .run({ script: signOfLife, root: true, timeoutMs: beatEveryMs }, lost.signal)
      .catch(() => undefined);
  }, beatEveryMs);
  beats.unref();
  void ending.then((error) => {
    clearInterval(beats);
    if (release.signal.aborted) return;
    lost.abort(
      error instanceof HaupError && error.code === 'CONNECTION_LOST'
        ? error
        : new HaupError('LOCKED', 'The lock on this host was taken away while haup worked.', {
            host: connection.host,
            hint: 'Somebody ran haup unlock, or the host was cut off. haup plan shows what is left to do.',
          }),
    );
  });
  return {
    lost: lost.signal,
    drill: isDrillName(detail) ? detail : null,
    [Symbol.asyncDispose]: async () => {
      release.abort();
      clearInterval(beats);
      await ending;
    },
  };
}

/** Who holds the lock of a host; null: nobody. Reads only. */
export async function lockOwner(connection: Connection, signal: AbortSignal): Promise<LockOwner | null> {
  const { stdout } = await connection.run(
    {
      script: `[ -e ${file} ] && ! flock -n ${file} true && base64 -w0 ${who}`,
      root: true,
      timeoutMs: 10_000,
    },
    signal,
  );
  const text = stdout.toString('utf8').trim();
  return text === '' ? null : parseOwner(text);
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
      script: `for fd in /proc/[0-9]*/fd/*; do
  [ "$(readlink "$fd")" = ${file} ] || continue
  pid=\${fd#/proc/}; kill "\${pid%%/*}" 2>/dev/null
done
for try in $(seq 100); do flock -n ${file} true && exit 0; sleep 0.2; done
[ ! -e ${entrustedScript}.now ] || exit ${finishingStatus}
exit 1`,
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
  throw new HaupError('COMMAND_FAILED', 'The lock could not be taken away: its process does not end.', {
    host: connection.host,
    hint: `Look for the process that has ${file} open on the host, and end it there.`,
  });
}

/** When the operator's machine was last heard of, in seconds since the boot: the clock may be set meanwhile. */
const signOfLife = `read -r up rest < /proc/uptime; echo "\${up%.*}" > ${beat}.new && mv -f ${beat}.new ${beat}`;

function holdScript(owner: LockOwner): string {
  const text = Buffer.from(JSON.stringify(owner)).toString('base64');
  return `exec 9>>${file}
if ! flock -n 9; then printf 'busy\\t%s\\n' "$(sed -n 's/^owner=//p' ${who})"; exit 0; fi
rm -f ${entrustedScript}
${finishing}
trap finish TERM HUP INT PIPE
( umask 022; printf 'pid=%s\\nowner=%s\\n' "$$" ${quote(text)} > ${who}.new ) && mv ${who}.new ${who}
${signOfLife}
printf 'held\\t%s\\n' "$(${leftDrill})"
# The sleep must not keep the lock when this process is ended. The dots are how sshd comes to know that the
# operator's end of the connection is gone: a cable that is back brings the refusal of the next one.
while sleep 2 9>&- & wait $!; do
  echo . || finish
  read -r heard < ${beat}; read -r up rest < /proc/uptime
  [ $((\${up%.*} - heard)) -le ${silenceSeconds} ] || finish
done`;
}

function parseOwner(base64: string): LockOwner {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const owner = /^owner=(.*)$/m.exec(text)?.[1];
  try {
    const json = JSON.parse(
      owner === undefined ? text : Buffer.from(owner, 'base64').toString('utf8'),
    ) as Partial<LockOwner>;
    return { who: String(json.who), since: String(json.since), why: String(json.why) };
  } catch {
    return { who: 'somebody', since: 'an unknown time', why: 'an unknown command' };
  }
}
