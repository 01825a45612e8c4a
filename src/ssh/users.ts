/** Users that daemons run as, with a group of their name, as sh. What was there before haup stays. */

import { recordDirectory, sayMark, userMark } from '../model/layout.ts';
import type { RemoteJob } from './remote-job.ts';
import { recording } from './recording.ts';
import { quote } from '../base/quote.ts';

const minute = 60_000;

/** A group of that name that is there already is used, and is not haup's. */
export function createUser(name: string): RemoteJob {
  const user = quote(name);
  return {
    script: `set -e
${recording}
if getent group ${user} >/dev/null; then settle groups ${user}; group='--gid ${name}'
else intend groups ${user} -; group=--user-group; fi
intend users ${user} -
useradd --system $group --no-create-home --home-dir / --shell "$(command -v nologin || echo /bin/false)" --comment '${userMark}' ${user} || {
  status=$?
  getent passwd ${user} >/dev/null || settle users ${user}
  getent group ${user} >/dev/null || settle groups ${user}
  exit "$status"
}
if [ "$group" = --user-group ]; then made groups ${user}; fi
made users ${user}`,
    timeoutMs: minute,
    failure: 'COMMAND_FAILED',
    what: `useradd ${name}`,
  };
}

/**
 * userdel takes the group of the same name away too, whoever made it: one that is not haup's is kept out of its reach.
 * A group that was only meant to be made is haup's when the user of haup's has it for his own.
 */
export function removeUser(name: string): RemoteJob {
  const user = quote(name);
  return {
    script: `set -e
${recording}
was=$(getent passwd ${user} || true)
gid=$(getent group ${user} | cut -d : -f 3 || true)
case $was in *:${quote(userMark)}:*) ours=yes ;; *) ours= ;; esac
own=
if [ -n "$gid" ]; then
  if grep -qxsF -- ${user} ${recordDirectory}/groups; then own=yes
  elif [ -n "$ours" ] && [ -n "$(intended groups ${user})" ] && [ "$(echo "$was" | cut -d : -f 4)" = "$gid" ]; then own=yes; fi
fi
if [ -n "$ours" ]; then
  if [ -n "$gid" ] && [ -z "$own" ]; then usermod --gid "$(getent group nogroup nobody | head -n 1 | cut -d : -f 1)" ${user}; fi
  userdel ${user}
elif [ -n "$was" ]; then echo ${quote(`${sayMark}the user ${name} is not the one that haup made, and stays`)}; own=
fi
if [ -n "$own" ] && getent group ${user} >/dev/null; then
  if [ -z "$(getent group ${user} | cut -d : -f 4)" ] && groupdel ${user}; then :
  else echo ${quote(`${sayMark}the group ${name} stays: others are in it`)}; fi
fi
forget users ${user}
forget groups ${user}`,
    timeoutMs: minute,
    failure: 'COMMAND_FAILED',
    what: `userdel ${name}`,
  };
}
