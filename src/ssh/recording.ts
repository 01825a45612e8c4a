/**
 * What a host remembers of what haup put on it, as sh. A thing is recorded when it has been made: what is only meant
 * to be made may be made by somebody else. So that a cut between the two forgets nothing, the wish is noted before,
 * with that by which the thing is known to be haup's (the digest of a file): by it the next one who looks decides.
 */

import { foundDirectory, recordDirectory, type RecordKind } from '../model/layout.ts';

const intents = `${recordDirectory}/intents`;
const list = (kind: RecordKind): string => `${recordDirectory}/${kind}`;

/** Functions for scripts that run under `set -e`; paths are absolute. */
export const recording: string = `remember() {
  [ -d ${recordDirectory} ] || mkdir -p ${recordDirectory}
  grep -qxF -- "$2" ${recordDirectory}/"$1" 2>/dev/null || printf '%s\\n' "$2" >> ${recordDirectory}/"$1"
}
# A wish: kind, thing, and by what it is known once it is there.
intend() {
  [ -d ${recordDirectory} ] || mkdir -p ${recordDirectory}
  printf '%s\\t%s\\t%s\\n' "$1" "$2" "$3" >> ${intents}
  sync ${intents} 2>/dev/null || sync
}
intended() { grep -F -- "$1	$2	" ${intents} 2>/dev/null | tail -n 1 | cut -f 3; }
settle() {
  grep -qF -- "$1	$2	" ${intents} 2>/dev/null || return 0
  grep -vF -- "$1	$2	" ${intents} > ${intents}.new || true
  mv -f ${intents}.new ${intents}
}
made() {
  remember "$1" "$2"
  settle "$1" "$2"
}
digest() { sha256sum < "$1" | cut -c 1-64; }
forget() {
  settle "$1" "$2"
  [ -e ${recordDirectory}/"$1" ] || return 0
  grep -vxF -- "$2" ${recordDirectory}/"$1" > ${recordDirectory}/"$1".new || true
  mv -f ${recordDirectory}/"$1".new ${recordDirectory}/"$1"
}
directory() {
  [ ! -d "$1" ] || return 0
  directory "$(dirname "$1")"
  intend directories "$1" -
  mkdir "$1"
  made directories "$1"
  label "$1"
}
label() {
  # What SELinux wants at a path is not what a new file or directory gets from the one that it is made in.
  if command -v restorecon >/dev/null; then restorecon "$@" 2>/dev/null || true; fi
}
save() {
  if [ -e "$1" ] || [ -L "$1" ]; then
    mkdir -p "${foundDirectory}$(dirname "$1")"
    cp -a "$1" "${foundDirectory}$1.new"
    mv -f "${foundDirectory}$1.new" "${foundDirectory}$1"
  fi
}
# Before the file $2 takes the place of $1, and after.
keep() {
  if grep -qxF -- "$1" ${list('files')} 2>/dev/null; then return 0; fi
  if [ -f "$1" ] && [ "$(intended files "$1")" = "$(digest "$1")" ]; then kept "$1"; return 0; fi
  save "$1"
  intend files "$1" "$(digest "$2")"
}
kept() { made files "$1"; }
give_back() {
  if [ -e "${foundDirectory}$1" ] || [ -L "${foundDirectory}$1" ]; then
    cp -a "${foundDirectory}$1" "$1.haup-new"
    mv -f "$1.haup-new" "$1"
    rm -f "${foundDirectory}$1"
  else rm -f "$1"; fi
  forget files "$1"
}
empty_directories() {
  { cat ${list('directories')} || :; sed -n 's/^directories	\\([^	]*\\)	.*/\\1/p' ${intents}; } 2>/dev/null | sort -ru | while read -r d; do
    rmdir "$d" 2>/dev/null || [ ! -d "$d" ] || continue
    forget directories "$d"
  done
}`;
