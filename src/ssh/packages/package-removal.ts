/** Packages that haup installed, taken away again, as sh. */

import { sayMark } from '../../model/layout.ts';
import type { Action } from '../../model/action.ts';
import type { RemoteJob } from '../remote-job.ts';
import { aloneText, lockMeaning } from './package-lock.ts';
import { quietly } from './install-packages.ts';
import { recording } from '../recording.ts';
import { quote } from '../../base/quote.ts';

/**
 * Removes exactly the packages named, and of those only what nothing else on the host needs: neither a
 * resolver that removes more, nor one that removes what has become of use since.
 */
export function removePackages(
  { manager, names, purge }: Extract<Action, { readonly do: 'remove-packages' }>,
  lockWait: number,
): RemoteJob {
  const list = names.map(quote).join(' ');
  return {
    script: `set -e\n${recording}\n${aloneText(manager, lockWait)}\n${manager === 'apt-get' ? removeDebs(list, purge) : removeRpms(list, purge)}`,
    timeoutMs: 15 * 60_000 + lockWait * 1000,
    failure: 'PACKAGES_FAILED',
    meaning: lockMeaning(lockWait),
    what: `removing ${names.join(' ')}`,
  };
}

const removeDebs = (list: string, purge: boolean): string => `(
guarded=
trap '[ -z "$guarded" ] || rm -f "$guarded"' EXIT
trap 'exit 143' HUP INT TERM
${purge ? 'export DEBIAN_FRONTEND=noninteractive' : quietly}
known() { dpkg-query -W -f='\${Package} \${db:Status-Status}\\n' ${list} 2>/dev/null | sed -n 's/ \\(${purge ? 'installed\\|config-files' : 'installed'}\\)$//p'; }
names=$(known | tr '\\n' ' ')
[ -n "$names" ] || exit 0
gone() { apt-get -s -o Debug::NoLocking=true remove "$@" | sed -n 's/^Remv \\([^ ]*\\).*/\\1/p'; }
others=$(gone $names | grep -vxF "$(printf '%s\\n' $names)" || true)
if [ -n "$others" ]; then
  # Something that haup did not bring has come to need some of them: those stay.
  for name in $names; do
    needing=$(gone "$name" | grep -vxF "$(printf '%s\\n' $names)" | tr '\\n' ' ' || true)
    if [ -z "$needing" ]; then free="$free $name"; else echo "${sayMark}the package $name stays: $needing needs it"; fi
  done
  names=$free
fi
[ -n "$names" ] || exit 0
alone apt-get -y -q -o Dpkg::Use-Pty=0 ${purge ? 'purge' : 'remove'} $names
)
${purge ? `for name in ${list}; do dpkg-query -W "$name" >/dev/null 2>&1 || forget packages "$name"; done` : ''}`;

/** The scripts of a package that a build of the same name has replaced would stop that: they do not run. */
const removeRpms = (list: string, purge: boolean): string => `names=
for name in ${list}; do
  if rpm -q "$name" >/dev/null 2>&1; then names="$names $name"; fi
done
while [ -n "$names" ] && ! rpm -e --test $names >/dev/null 2>&1; do
  # Something that haup did not bring has come to need some of them: those stay.
  free=
  for name in $names; do
    needing=$(rpm -e --test "$name" 2>&1 | sed -n 's/.*is needed by (installed) \\(.*\\)-[^-]*-[^-]*$/\\1/p' | grep -vxF "$(printf '%s\\n' $names)" | sort -u | tr '\\n' ' ' || true)
    if [ -z "$needing" ]; then free="$free $name"; else echo "${sayMark}the package $name stays: $needing needs it"; fi
  done
  if [ "$free" = "$names" ]; then break; fi
  names=$free
done
[ -z "$names" ] || alone rpm -e ${purge ? '' : '--noscripts '}$names
for name in ${list}; do rpm -q "$name" >/dev/null 2>&1 || forget packages "$name"; done`;
