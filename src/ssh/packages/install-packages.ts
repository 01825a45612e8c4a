/** Packages as sh: install with whichever manager the host has, and remember what came. */

import { recordDirectory } from '../../model/layout.ts';
import type { PackageManager } from '../../model/package-manager.ts';
import type { RemoteJob } from '../remote-job.ts';
import { aloneText, lockMeaning } from './package-lock.ts';
import { quote } from '../../base/quote.ts';

const minute = 60_000;

/** `lockWait`: seconds that another package run is waited for. */
export function install(manager: PackageManager, names: readonly string[], lockWait: number): RemoteJob {
  return {
    script: installText(manager, names.map(quote).join(' '), lockWait),
    timeoutMs: 15 * minute + lockWait * 1000,
    failure: 'PACKAGES_FAILED',
    meaning: lockMeaning(lockWait),
    what: `${manager} install ${names.join(' ')}`,
  };
}

/**
 * sh text whose exit status is that of the installation, or of a wait for another package run in vain.
 * `list`: words of sh.
 */
export function installText(manager: PackageManager, list: string, lockWait: number): string {
  const [functions, run] =
    manager === 'apt-get'
      ? [
          `apt() { alone apt-get -y -q -o Dpkg::Use-Pty=0 "$@"; }
get() { apt --no-install-recommends install ${list}; }
mend() { [ -z "$(dpkg --audit)" ] || { alone dpkg --configure -a; apt --no-remove --fix-broken install; }; }`,
          // A list that is old or missing, and a run that was cut off, make the first try fail at once.
          'get || { apt update; mend; get; }',
        ]
      : // yum 3 calls it a success when one of several packages was found, so rpm has the last word.
        ['', `alone ${manager} -y --setopt=exit_on_lock=1 install ${list} && rpm -q ${list}`];
  return `(
${aloneText(manager, lockWait)}
${remembering(manager, list)}
${manager === 'apt-get' ? quietly : ''}
${functions}
# Somebody always reads what it says: else its first word after a lost connection would kill it half-way.
exec 3>&1
status=$({ { if { ${run}; } 3>&- 4>&-; then echo 0 >&4; else echo "$?" >&4; fi; } 2>&1 | { cat >&3 || cat >/dev/null; } 4>&-; } 4>&1)
exec 3>&-
exit "$status"
)`;
}

/**
 * Whatever has come with an attempt is remembered, also with one that failed half way. What another run brings
 * while it is waited for has come before the attempt, and is not haup's.
 */
function remembering(manager: PackageManager, list: string): string {
  // Also what is unpacked and waits to be configured: that is there, whoever brought it.
  const listed =
    manager === 'apt-get'
      ? `dpkg-query -W -f='\${db:Status-Abbrev} \${Package}\\n' | sed -n 's/^.[iUFHWt].  *//p' | sort -u`
      : `rpm -qa --qf '%{NAME}\\n' | sort -u`;
  // yum and dnf have no such words for programs to read: there it is what was asked for.
  const planned =
    manager === 'apt-get'
      ? `apt-get -s -o Debug::NoLocking=true --no-install-recommends install ${list} | sed -n 's/^Inst \\([^ :]*\\).*/\\1/p'`
      : `printf '%s\\n' ${list}`;
  return `mkdir -p ${recordDirectory}
listed() { ${listed}; }
planned() { ${planned}; }
before=${recordDirectory}/packages.before
asked=${recordDirectory}/packages.asked
since() { listed | comm -13 "$before" -; }
record() {
  sort -u -o ${recordDirectory}/packages - ${recordDirectory}/packages
  rm -f "$before" "$asked"
}
touch ${recordDirectory}/packages
# The last run was cut off: what it was to bring and is there is haup's, whatever else has come since may be anybody's.
if [ -s "$before" ]; then since | grep -xF -f "$asked" | record; fi
came() { if [ -s "$before" ]; then since | record; fi; }
attempt() {
  planned > "$asked" 2>/dev/null || :
  listed > "$before"
  tried=0
  "$@" || tried=$?
  came
  return "$tried"
}
trap 'status=$?
came
[ -z "$guarded" ] || rm -f "$guarded"
exit "$status"' EXIT
trap 'exit 143' HUP INT TERM`;
}

/**
 * Debian's packages start, restart and stop their services, and so the daemon of a build that has the same
 * name: while this shell lives, the distribution's own policy file says no. Whoever uses it removes `$guarded`.
 */
export const quietly = `export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ] || grep -q 'Written by haup' "$guard"; then
  printf '%s\\n' '#!/bin/sh' '# Written by haup: it starts and stops these itself while it lives.' "kill -0 $$ 2>/dev/null || exit 0" \\
    'case $1 in keepalived|keepalived.service|nginx|nginx.service) exit 101 ;; esac' 'exit 0' > "$guard.haup-new"
  chmod 755 "$guard.haup-new"
  mv -f "$guard.haup-new" "$guard"
  guarded=$guard
fi`;
