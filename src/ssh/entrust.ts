/**
 * What a host is entrusted with before its daemon reads a change that all members of a cluster must read: when the
 * operator's machine goes in between, some would have read it and others not, and they would not hear each other.
 * The process that holds the host's lock knows when that machine has gone; it leaves the rest to this script.
 */

import { entrustedScript, unreadMark } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { RemoteJob } from './remote-job.ts';
import { announcing } from './announce.ts';
import { quote } from '../base/quote.ts';
import { uptime } from './uptime.ts';

export function entrust({
  service,
  afterMs,
  announce,
}: Extract<Action, { readonly do: 'entrust' }>): RemoteJob {
  const unread = `[ -e ${quote(unreadMark(service))} ]`;
  const script = `${uptime}
uptime; start=$up
if ${unread}; then sleep ${(afterMs / 1000).toFixed(3)}; fi
if ${unread}; then systemctl reload-or-restart ${service}.service && rm -f ${quote(unreadMark(service))}; fi
${announce === undefined ? '' : announcing(announce.addresses, `start + ${Math.round(announce.afterMs)}`, announce.forMs)}
`;
  const fresh = `${entrustedScript}.new`;
  return {
    script: `( umask 077; cat > ${fresh} ) && mv -f ${fresh} ${entrustedScript}`,
    stdin: Buffer.from(script),
    timeoutMs: 60_000,
    failure: 'COMMAND_FAILED',
    what: `writing ${entrustedScript}`,
  };
}

export const withdraw = (): RemoteJob => ({
  script: `rm -f ${entrustedScript}`,
  timeoutMs: 60_000,
  failure: 'COMMAND_FAILED',
  what: `removing ${entrustedScript}`,
});

/**
 * sh for whoever holds the lock on descriptor 9: a handler \`finish\` that leaves what was entrusted to a process
 * that outlives it, and keeps the lock until that is done. The wrapper of a command kills its whole process group,
 * so the handler waits until that process has a group of its own.
 */
export const finishing: string = `finish() {
  trap '' TERM HUP INT PIPE
  [ "$(systemctl is-system-running 2>/dev/null)" != stopping ] || echo down
  if [ -e ${entrustedScript} ]; then
    setsid sh -c 'mv -f ${entrustedScript} ${entrustedScript}.now; sh ${entrustedScript}.now; rm -f ${entrustedScript}.now' </dev/null >/dev/null 2>&1 &
    while [ -e ${entrustedScript} ]; do sleep 0.02 9>&-; done
  fi
  exit 0
}`;
