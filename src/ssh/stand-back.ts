/** Daemons that haup did not put on the host: made to give way, ended, and brought back. As sh. */

import type { Action } from '../model/action.ts';
import { foundDirectory, recordDirectory } from '../model/layout.ts';
import type { RemoteJob } from './remote-job.ts';
import { recording } from './recording.ts';
import { quote } from '../base/quote.ts';

type Of<Verb extends Action['do']> = Extract<Action, { readonly do: Verb }>;

const minute = 60_000;

const mainProcess = (
  unit: string,
): string => `pid=$(systemctl show -p MainPID ${quote(unit)}); pid=\${pid#MainPID=}
[ "\${pid:-0}" != 0 ] || { echo ${quote(`${unit} does not run`)} >&2; exit 1; }`;

/**
 * keepalived reads its files within a moment of the signal. They are as they were before haup may be cut off: the
 * script ends by itself, and the daemon's next start, or reload, is by its own configuration.
 */
export const standBack = ({ unit, entry, bytes }: Of<'stand-back'>): RemoteJob => ({
  script: `set -e
umask 077
entry=$(readlink -f ${quote(entry)})
lowest=$entry.haup-new own=$entry.haup-own
[ ! -e "$own" ] || mv -f "$own" "$entry"
head -c ${bytes.length} > "$lowest"
[ "$(stat -c %s "$lowest")" = ${bytes.length} ]
${mainProcess(unit)}
trap 'if [ -e "$own" ]; then mv -f "$own" "$entry"; fi; rm -f "$lowest"' EXIT
trap '' HUP INT TERM
ln "$entry" "$own" 2>/dev/null || cp -p "$entry" "$own"
chown "$(stat -c %U:%G "$entry")" "$lowest"; chmod "$(stat -c %a "$entry")" "$lowest"
mv -f "$lowest" "$entry"
kill -HUP "$pid"
sleep 1
kill -0 "$pid"`,
  stdin: bytes,
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: 'lowering the priority of a keepalived',
});

export const standUp = ({ unit }: Of<'stand-up'>): RemoteJob => ({
  // It may have been stopped by then: its start reads the same files.
  script: `pid=$(systemctl show -p MainPID ${quote(unit)}); pid=\${pid#MainPID=}
[ "\${pid:-0}" = 0 ] || kill -HUP "$pid"`,
  timeoutMs: minute,
  failure: 'SERVICE_FAILED',
  what: `reloading ${unit}`,
});

/** What is remembered of it, by which removing haup brings it back. */
const line = (service: string, unit: string, enabled: boolean): string =>
  `${service} ${unit} ${enabled ? 'enabled' : 'disabled'}`;

export const retire = ({ service, unit, enabled }: Of<'retire'>): RemoteJob => ({
  script: `set -e
${recording}
remember units ${quote(line(service, unit, enabled))}
systemctl stop ${quote(unit)}
${enabled ? `systemctl disable ${quote(unit)}` : ':'}`,
  timeoutMs: 120_000,
  failure: 'SERVICE_FAILED',
  what: `stopping ${unit}`,
});

export const revive = ({ service, unit, enabled }: Of<'revive'>): RemoteJob => ({
  script: `set -e
${recording}
systemctl daemon-reload
${enabled ? `systemctl enable ${quote(unit)} 2>/dev/null || systemctl reenable ${quote(unit)}` : `systemctl disable ${quote(unit)}`}
systemctl reset-failed ${quote(unit)} 2>/dev/null || true
systemctl start ${quote(unit)}
for wait in 1 2 3; do
  sleep 0.15
  [ "$(systemctl is-active ${quote(unit)})" = active ] || { journalctl -q --no-pager -o cat -u ${quote(unit)} -n 15 >&2; exit 1; }
done
for enabled in enabled disabled; do forget units ${quote(`${service} ${unit} `)}"$enabled"; done`,
  timeoutMs: 120_000,
  failure: 'SERVICE_FAILED',
  what: `starting ${unit}`,
});

export const disown = ({ service, files }: Of<'disown'>): RemoteJob => ({
  script: `set -e
${recording}
for f in ${files.map(quote).join(' ')}; do
  rm -f ${foundDirectory}"$f"
  forget files "$f"
done
if [ -e ${recordDirectory}/services ]; then
  grep -v '^${service} ' ${recordDirectory}/services > ${recordDirectory}/services.new || true
  mv -f ${recordDirectory}/services.new ${recordDirectory}/services
fi`,
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `leaving ${service} to its owner`,
});
