/** Another run of a package manager: waited for with a limit, and said so. */

import { sayMark } from '../../model/layout.ts';
import type { Meaning } from '../remote-job.ts';
import type { PackageManager } from '../../model/package-manager.ts';

/** Seconds, where the inventory says nothing. */
export const usualLockWait = 180;

/** Exit status of a script that has waited in vain. */
export const lockedStatus = 69;

interface Locks {
  /** Locks of the kernel. */
  readonly held: readonly string[];
  /** Files in which a process that is at it writes its number. */
  readonly named: readonly string[];
}

const ofApt: Locks = {
  held: [
    '/var/lib/dpkg/lock-frontend',
    '/var/lib/dpkg/lock',
    '/var/lib/apt/lists/lock',
    '/var/cache/apt/archives/lock',
  ],
  named: [],
};
const ofRpm: Locks = {
  held: ['/var/lib/rpm/.rpm.lock', '/usr/lib/sysimage/rpm/.rpm.lock'],
  named: [
    '/var/lib/dnf/rpmdb_lock.pid',
    '/var/cache/dnf/metadata_lock.pid',
    '/var/cache/dnf/download_lock.pid',
    '/var/run/yum.pid',
  ],
};

/**
 * sh functions. `alone COMMAND…` runs it (by `attempt`) when nobody else is at it, and again when somebody was
 * quicker; it ends with `lockedStatus` when all its waits together have taken `seconds`.
 */
export function aloneText(manager: PackageManager, seconds: number): string {
  const { held, named } = manager === 'apt-get' ? ofApt : ofRpm;
  return `busy() {
  for f in ${named.join(' ')}; do
    p=
    { read -r p < "$f"; } 2>/dev/null || :
    [ -n "$p" ] && [ "$p" != $$ ] && [ -d "/proc/$p" ] && { echo "$p $f"; return; }
  done
  for f in ${held.join(' ')}; do
    [ -e "$f" ] || continue
    for p in $(find /proc/[0-9]*/fd -lname "$f" 2>/dev/null | cut -d / -f 3 | sort -u); do
      grep -q "POSIX  *ADVISORY  *WRITE  *$p " /proc/locks && { echo "$p $f"; return; }
    done
  done
}
left=${seconds}
others() {
  named=
  while other=$(busy); [ -n "$other" ]; do
    p=\${other%% *}
    if [ "$named" != "$p" ]; then
      named=$p
      what=$(tr -c '[:print:]' ' ' < "/proc/$p/cmdline" 2>/dev/null | cut -c 1-100)
      started=$(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null | cut -d ' ' -f 20)
      age=$(($(cut -d . -f 1 /proc/uptime) - \${started:-0} / 100))
      who="process $p (\${what% }), which runs for $age s, holds \${other#* }"
      [ "$left" -le 0 ] || echo "${sayMark}waiting for another package run: $who; for \${left} s at most"
    fi
    [ "$left" -gt 0 ] || { echo "Error: $who" >&2; return 1; }
    sleep 1
    left=$((left - 1))
  done
  [ -z "$named" ] || echo '${sayMark}the other package run has ended'
}
attempt() { "$@"; }
alone() {
  while :; do
    others || return ${lockedStatus}
    result=0
    attempt "$@" || result=$?
    # 200: dnf and yum have found their lock taken.
    case $result in 0) return 0 ;; 200) ;; *) [ -n "$(busy)" ] || return "$result" ;; esac
    if [ "$left" -le 0 ]; then return "$result"; fi
    left=$((left - 1))
  done
}`;
}

export const lockMeaning = (seconds: number): Readonly<Record<number, Meaning>> => ({
  [lockedStatus]: {
    code: 'PACKAGES_FAILED',
    message: `Another package run on the host has not ended within ${seconds} s.`,
    hint: 'Let it end, or end it if it hangs (its number and command are above; systemctl status NUMBER says what started it), and run haup apply again. packages.lock_wait in the inventory gives it longer. No package was installed.',
  },
});
