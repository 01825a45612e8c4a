/**
 * States of a host, kept on it: what `keep-state` writes, facts/history.ts reads. Below historyDirectory
 * each state has `about` (whose it is, and which paths it has, as JSON), `files` (a line for each path),
 * `tree` (the files themselves) and `builds` (a line for each program). The programs are below `builds`,
 * once for all states that have them, as further links to the installed files: place-build and `make
 * install` put new files in their place and never write into them.
 */

import { ruleWords } from '../model/firewall-rules.ts';
import {
  historyDirectory,
  installedList,
  keptStates,
  recordDirectory,
  stampPath,
  stateDirectory,
  unfinishedStamp,
  unreadMark,
} from '../model/layout.ts';
import type { KeptPaths } from '../model/kept-state.ts';
import type { Action } from '../model/action.ts';
import type { RemoteJob } from './remote-job.ts';
import { recording } from './recording.ts';
import { quote } from '../base/quote.ts';

const minute = 60_000;
const numbers = `ls ${historyDirectory} 2>/dev/null | grep -x '[0-9]*' | sort -n`;

export function keepState({
  label,
  services,
  firewall,
}: Extract<Action, { readonly do: 'keep-state' }>): RemoteJob {
  const rules = (firewall ?? []).map(({ at, rule }) => [at, ruleWords(rule)]);
  const paths = [
    ...new Set(
      services.flatMap(({ entry, files, unit, init = [] }) => [
        entry,
        ...files,
        unit,
        ...init.map(({ path }) => path),
      ]),
    ),
  ];
  const owned = services.flatMap(({ owns }) => owns.map((directory) => `${quote(directory)}/*`));
  return {
    script: `set -e
umask 077
root=${historyDirectory}
( umask 022; mkdir -p ${stateDirectory} )
mkdir -p $root/builds
newest=$(${numbers} | tail -n 1)
# After an apply that was cut off, the state before it is the one to go back to.
if [ -n "$newest" ] && { ${services.map(cutOff).join(' || ')}; }; then cat > /dev/null; exit 0; fi
new=$root/new
rm -rf $new
trap 'status=$?; rm -rf $new $root/builds/*.new; exit "$status"' EXIT
mkdir $new $new/tree
cat > $new/about
keep() {
  mkdir -p "$new/tree\${1%/*}"
  cp -pL "$1" "$new/tree$1"
  sum=$(sha256sum < "$1")
  printf 'present\\t%s\\t%s\\t%s\\n' "$1" "$(stat -L -c '%a	%U:%G' "$1")" "\${sum%% *}"
}
{
  for f in ${paths.map(quote).join(' ')}; do
    if [ -f "$f" ]; then keep "$f"; else printf 'absent\\t%s\\n' "$f"; fi
  done
${owned.length === 0 ? '' : `  for f in ${owned.join(' ')}; do if [ -f "$f" ] && [ ! -e "$new/tree$f" ]; then keep "$f"; fi; done`}
} > $new/files
${services.map(keepBuild).join('\n')}
${services.length > 0 ? 'sort -o $new/builds $new/builds' : ''}
find $new $root/builds -type f -print0 | xargs -0 sync
state() { cat "$1/files" "$1/builds" | sha256sum; }
if [ -n "$newest" ] && [ "$(state $new)" = "$(state $root/$newest)" ]; then
  mv -f $new/about $root/$newest/about
else
  mv $new $root/$((newest + 1))
fi
${numbers} | sort -rn | tail -n +${keptStates + 1} | while read -r old; do rm -rf $root/$old; done
for b in $root/builds/*; do
  [ -d "$b" ] || continue
  name=\${b##*/}
  cat $root/[0-9]*/builds | grep -q "^\${name%%.*}	\${name#*.}	" || rm -rf "$b"
done`,
    stdin: Buffer.from(JSON.stringify({ label, services, firewall: rules }), 'utf8'),
    timeoutMs: minute,
    failure: 'COMMAND_FAILED',
    what: 'keeping the state of the host',
  };
}

/** sh that is true while the files or the program of a service are half way between two states. */
function cutOff({ service, prefix }: KeptPaths): string {
  const unread = `[ -e ${quote(unreadMark(service))} ]`;
  return prefix === null
    ? unread
    : `${unread} || [ "$(cat ${quote(stampPath(service, prefix))} 2>/dev/null)" = ${unfinishedStamp} ]`;
}

function keepBuild({ service, binary, prefix, entry, files, unit, init = [] }: KeptPaths): string {
  if (prefix === null) return ': >> $new/builds';
  // These are part of the state itself.
  const own = [entry, ...files, unit, ...init.map(({ path }) => path)].map(quote).join('|');
  const [program, stamp, list] = [binary, stampPath(service, prefix), installedList(service, prefix)].map(
    quote,
  );
  return `: >> $new/builds
if [ -x ${program} ]; then
  id=$({ cat ${stamp} 2>/dev/null || true; cat ${program}; } | sha256sum | cut -c 1-32)
  printf '${service}\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$id" ${program} ${stamp} "$(${program} ${service === 'nginx' ? '-V' : '-v'} 2>&1 | base64 -w0)" "$(cat ${stamp} 2>/dev/null)" >> $new/builds
  kept=$root/builds/${service}.$id
  if [ ! -d "$kept" ]; then
    rm -rf "$kept.new"
    mkdir "$kept.new"
    { printf '%s\\n' ${program} ${stamp} ${list}; cat ${list} 2>/dev/null || true; } | sort -u | while read -r f; do
      case $f in ${own}) continue ;; esac
      if [ -e "$f" ] || [ -L "$f" ]; then
        mkdir -p "$kept.new\${f%/*}"
        # A copy of what may be written into (lists, configuration), and on another file system.
        case $f in *.default) true ;; ${list}|${stamp}|${configuration}) false ;; esac &&
          cp -dpl "$f" "$kept.new$f" 2>/dev/null || cp -dp "$f" "$kept.new$f"
      fi
    done
    { awk -v below=${quote(`${prefix}/`)} 'index($0, below) == 1' ${recordDirectory}/directories 2>/dev/null || true; } | while read -r d; do
      if [ -d "$d" ]; then mkdir -p "$kept.new$d"; fi
    done
    mv "$kept.new" "$kept"
  fi
fi`;
}

/** sh patterns: what `make install`, too, leaves as it is where it is there. */
const configuration = '/etc/*|*/conf/*|*/html/*';

/** As place-build: what can fail fails before the first rename, and the stamp comes last. */
export function restoreBuild({
  service,
  state,
}: Extract<Action, { readonly do: 'restore-build' }>): RemoteJob {
  return {
    script: `set -e
root=${historyDirectory}
n=${state === 'newest' ? `$(${numbers} | tail -n 1)` : state}
line=$(grep '^${service}	' "$root/$n/builds" 2>/dev/null) || { echo "state $n has no program of ${service}" >&2; exit 1; }
IFS='	' read -r name id program stamp said was <<end
$line
end
cd "$root/builds/${service}.$id" || { echo "the program of ${service} of state $n was not kept" >&2; exit 1; }
list=${installedList(service, '')}$(printf %s "\${stamp%/*}" | tr / %)
targets=$root/${service}.targets
trap 'status=$?
while read -r t; do rm -f "$t.haup-new"; done < "$targets"
rm -f "$targets" "$stamp.haup-new"
exit "$status"' EXIT
same() {
  [ "$(stat -c %f.%u.%g "$1" 2>/dev/null)" = "$(stat -c %f.%u.%g "$2" 2>/dev/null)" ] || return 1
  if [ -L "$1" ]; then [ "$(readlink "$1")" = "$(readlink "$2")" ]; else cmp -s "$1" "$2"; fi
}
# What is there already needs no room: the disk may be full, which is why it is put back.
find . ! -type d -print | sed 's/^\\.//' | grep -vxF -e "$stamp" -e "$list" | while read -r t; do
  case $t in *.default) ;; ${configuration}) [ ! -e "$t" ] || continue ;; esac
  same ".$t" "$t" || printf '%s\\n' "$t"
done > "$targets"
if [ ! -s "$targets" ] && [ "$(cat ".$stamp" 2>/dev/null)" = "$(cat "$stamp" 2>/dev/null)" ]; then exit 0; fi
${recording}
find . -type d -print | sed 's/^\\.//' | while read -r d; do [ -z "$d" ] || directory "$d"; done
while read -r t; do
  case $t in *.default) true ;; ${configuration}) false ;; esac && cp -dpl ".$t" "$t.haup-new" 2>/dev/null || cp -dp ".$t" "$t.haup-new"
done < "$targets"
# What is cut off from here on is known by this stamp to be unfinished.
printf ${unfinishedStamp} > "$stamp.haup-new"
mv -f "$stamp.haup-new" "$stamp"
while read -r t; do mv -f "$t.haup-new" "$t"; done < "$targets"
if [ -e ".$list" ] && [ ! -e "$list" ]; then cp ".$list" "$list"
elif [ -e ".$list" ]; then
  sort -u ".$list" > "$targets"
  sort -u "$list" | comm -23 - "$targets" | while read -r t; do rm -f "$t"; done
  cp "$targets" "$list.new"
  mv -f "$list.new" "$list"
fi
if [ -e ".$stamp" ]; then cp -p ".$stamp" "$stamp.haup-new"; mv -f "$stamp.haup-new" "$stamp"; else rm -f "$stamp"; fi`,
    timeoutMs: minute,
    failure: 'INSTALL_FAILED',
    what: `putting ${service} back`,
  };
}
