/** systemctl, with the proof that it did what it was told: its own exit status is none. */

import type { Service } from '../model/domain.ts';
import type { ServiceFound } from '../model/facts.ts';
import { recordDirectory, unreadMark } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { RemoteJob } from './remote-job.ts';
import { recording } from './recording.ts';
import { quote } from '../base/quote.ts';
import { waitUntil } from './uptime.ts';

export function service({ service: name, verb, found, idle = [] }: ServiceAction): RemoteJob {
  const unit = `${name}.service`;
  const hurries = name === 'nginx' && idle.length > 0;
  const lines =
    verb === 'enable'
      ? [enabling(unit)]
      : verb === 'disable'
        ? [`[ "$(systemctl show -p LoadState ${unit})" = LoadState=not-found ] || systemctl disable ${unit}`]
        : [
            since,
            failing(unit),
            ...(hurries ? hurried : []),
            `systemctl reset-failed ${unit} 2>/dev/null`,
            ...(verb === 'start' || verb === 'reload'
              ? [taking(name, verb)]
              : [`systemctl ${verb} ${unit} 2>/dev/null || fail`]),
            ...(hurries ? ['kill "$hurry" 2>/dev/null || true'] : []),
            ...(verb === 'restart' ? [settles(unit), 'settles || fail'] : []),
            ...(verb === 'stop' ? [] : [`rm -f ${quote(unreadMark(name))}`]),
          ];
  return {
    script: [
      ...(idle.length === 0 ? [] : [unlessHeld(idle)]),
      ...(found === undefined ? [] : [rememberFound(name, found)]),
      ...lines,
    ].join('\n'),
    timeoutMs: 120_000,
    failure: 'SERVICE_FAILED',
    what: `systemctl ${verb} ${name}`,
    meaning: {
      [stoppingStatus]: goingDown,
      [servingStatus]: {
        code: 'GATE_FAILED',
        message: `The host has VIPs that another was to have by now: to ${verb} ${name} would interrupt them.`,
        hint: 'The host that had them has failed, or lost its cable. Once it is back (haup status), run the command again.',
      },
    },
  };
}

type ServiceAction = Extract<Action, { readonly do: 'service' }>;

/** Chosen by haup: the host has a VIP that another was to have; the host goes down. */
const servingStatus = 76;
const stoppingStatus = 77;

const goingDown = {
  code: 'CONNECTION_LOST',
  message: 'The host is going down: somebody shuts it down or reboots it.',
  hint: 'Once the host answers, run the command again: it finishes what is left.',
} as const;

const unlessHeld = (addresses: readonly string[]): string =>
  `for vip in ${addresses.map(quote).join(' ')}; do
  ip -o addr show | awk -v vip="$vip" '{ split($4, part, "/"); if (part[1] == vip && $2 != "lo") found = 1 } END { exit !found }' && { echo "it has $vip"; exit ${servingStatus}; }
done`;

/** A link to a unit file that another has taken the place of is in the way of `enable`; init scripts have none. */
const enabling = (unit: string): string => `case $(systemctl show -p FragmentPath ${unit}) in
  FragmentPath=/run/systemd/generator*) systemctl enable ${unit} ;;
  *) systemctl enable ${unit} 2>/dev/null || systemctl reenable ${unit} ;;
esac`;

/** A place in the journal: times there are the clock's, which may be set in the meantime. */
const since =
  "since=$(journalctl -q --no-pager -n 1 -o cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')";

const failing = (unit: string): string =>
  `fail() { [ "$(systemctl is-system-running)" != stopping ] || exit ${stoppingStatus}; [ "$(systemctl show -p LoadState ${unit})" != LoadState=not-found ] || { echo 'there is no ${unit}: it is not installed, or not registered' >&2; exit 1; }; journalctl -q --no-pager -o cat -u ${unit} \${since:+--after-cursor="$since"} | uniq | tail -n 15 >&2; exit 1; }`;

function rememberFound(name: Service, { active, enabled }: ServiceFound): string {
  const line = `${name} ${active ? 'active' : 'inactive'} ${enabled ? 'enabled' : 'disabled'}`;
  return `${recording}\ngrep -qs '^${name} ' ${recordDirectory}/services || remember services '${line}'`;
}

/** `systemctl start` may report success for a daemon that dies on its configuration a moment later. */
const settles = (unit: string): string => `settles() {
  for wait in 1 2 3; do
    sleep 0.15
    [ "$(systemctl is-active ${unit})" = active ] && [ "$(systemctl show -p MainPID ${unit})" != MainPID=0 ] || return 1
  done
}`;

/**
 * Reads its files if it runs, and starts if it does not: since the plan was made it may have died, or systemd may
 * have brought it back. What does not run cannot be interrupted, so that it is restarted, which does not wait until
 * systemd tries again by itself.
 */
function taking(name: Service, verb: 'start' | 'reload'): string {
  const unit = `${name}.service`;
  // \`start\` leaves a daemon that runs alone, unless it has files to read.
  const reads = verb === 'reload' ? 'runs' : `runs && [ -e ${quote(unreadMark(name))} ]`;
  const reload = `systemctl reload ${unit} 2>/dev/null`;
  const lines = name === 'nginx' ? [...beforeReload, `${reload} || return 1`, afterReload] : [reload];
  return `${settles(unit)}
runs() { case $(systemctl is-active ${unit}) in active|reloading) ;; *) false ;; esac; }
reread() {
${lines.join('\n')}
}
again() { ! runs && systemctl restart ${unit} 2>/dev/null; }
if ${reads}; then reread || again || fail; else runs || again || fail; fi
settles || { again && settles; } || fail`;
}

const mainProcess = 'main=$(systemctl show -p MainPID nginx.service); main=${main#MainPID=}';

/**
 * The VIPs have gone, and their connections with them: one that the move has cut never ends by itself, and would
 * hold a graceful stop up for 8 to 10 s, in which nginx does not listen, should the host have to serve after all.
 * A second is left for what came by the host's own address. It is systemd that stops and starts, as ever.
 */
const hurried = [
  mainProcess,
  '{ sleep 1; [ "${main:-0}" = 0 ] || kill -TERM "$main"; } >/dev/null 2>&1 & hurry=$!',
];

const beforeReload = [
  mainProcess,
  'workers() { grep -ls "^PPid:[[:space:]]*$main\\$" /proc/[0-9]*/status; }',
  'before=$(workers)',
  // Its standard error is its log.
  'at=$(stat -L -c %s "/proc/$main/fd/2")',
  `complaints() { tail -c "+$((at + 1))" "/proc/$main/fd/2" | grep -F " $main#" | grep -E '\\[(emerg|alert|crit)\\]'; }`,
];

/**
 * nginx answers a configuration that it cannot use (a port that another program has: `nginx -t` does not
 * look) by going on with the one it had, and says so only in its log. New workers are the proof.
 */
const afterReload = `for wait in $(seq 50); do
  for worker in $(workers); do
    case $before in *"$worker"*) ;; *) renewed=yes ;; esac
  done
  [ -n "$renewed" ] && break
  # Its last word on a port that it has tried for.
  if complaints | grep -q 'still could not bind'; then break; fi
  sleep 0.1
done
[ -n "$renewed" ] || {
  echo 'nginx has not taken up its new configuration, and goes on with the one it had:' >&2
  complaints | sed 's/^[^[]*//' | uniq | tail -n 5 >&2
  ! runs || exit 1
  false
}`;

/**
 * Waits for the moment and tells the daemon to read its files. Without the ways through systemctl and D-Bus,
 * which take longer on one host than on another; ends without doing it when the operator's machine goes.
 */
export function reloadTogether(name: Service, atMs: number): RemoteJob {
  const unit = `${name}.service`;
  return {
    script: `${since}
${failing(unit)}
${waitUntil}
pid=$(systemctl show -p MainPID ${unit})
pid=\${pid#MainPID=}
wait_until ${atMs} || exit 1
if [ "\${pid:-0}" = 0 ]; then systemctl reset-failed ${unit} 2>/dev/null; systemctl restart ${unit} 2>/dev/null || fail
else kill -HUP "$pid" || fail; fi
uptime; echo "reloaded $((up - ${atMs})) ms after the agreed moment"
${settles(unit)}
settles || fail
rm -f ${quote(unreadMark(name))}`,
    timeoutMs: 60_000,
    lifeline: true,
    failure: 'SERVICE_FAILED',
    what: `reloading ${name} at the agreed moment`,
    meaning: { [stoppingStatus]: goingDown },
  };
}
