/**
 * What a host remembers of what haup put on it, as sh: written before the thing itself, so that what is cut
 * off is at most remembered too much, and taking away what is not there is no error.
 */

import { foundDirectory, recordDirectory, type RecordKind } from '../model/layout.ts';

const list = (kind: RecordKind): string => `${recordDirectory}/${kind}`;

/** Functions for scripts that run under `set -e`; paths are absolute. */
export const recording: string = `remember() {
  [ -d ${recordDirectory} ] || mkdir -p ${recordDirectory}
  grep -qxF -- "$2" ${recordDirectory}/"$1" 2>/dev/null || printf '%s\\n' "$2" >> ${recordDirectory}/"$1"
}
forget() {
  [ -e ${recordDirectory}/"$1" ] || return 0
  grep -vxF -- "$2" ${recordDirectory}/"$1" > ${recordDirectory}/"$1".new || true
  mv -f ${recordDirectory}/"$1".new ${recordDirectory}/"$1"
}
directory() {
  [ ! -d "$1" ] || return 0
  directory "$(dirname "$1")"
  mkdir "$1"
  remember directories "$1"
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
keep() {
  grep -qxF -- "$1" ${list('files')} 2>/dev/null || { save "$1"; remember files "$1"; }
}
give_back() {
  if [ -e "${foundDirectory}$1" ] || [ -L "${foundDirectory}$1" ]; then
    cp -a "${foundDirectory}$1" "$1.haup-new"
    mv -f "$1.haup-new" "$1"
    rm -f "${foundDirectory}$1"
  else rm -f "$1"; fi
  forget files "$1"
}
empty_directories() {
  [ -e ${list('directories')} ] || return 0
  sort -r ${list('directories')} | while read -r d; do
    rmdir "$d" 2>/dev/null || [ ! -d "$d" ] || continue
    forget directories "$d"
  done
}`;
