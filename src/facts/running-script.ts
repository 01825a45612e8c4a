/**
 * sh that tells of each keepalived and nginx that runs: program, unit, and every file of its configuration. A
 * daemon in a container has another pid namespace, and is not the host's.
 */

/** A file larger than this is compared by its digest only. */
const largestText = 262_144;

/** Prints `ran` (pid, service, program, unit, unit file, enabled, entry), `read` (pid, path) and `file` records. */
export const runningScript: string = `tell() {
  text=-; [ "$(stat -Lc %s "$1")" -le ${largestText} ] && text=$(base64 -w0 "$1")
  sum=$(sha256sum < "$1"); printf 'file\\t%s\\t%s\\t%s\\t%s\\n' "$1" "$(stat -Lc '%a\t%U:%G' "$1")" "\${sum%% *}" "$text"
}
included() {
  if [ "$1" = nginx ]; then
    sed 's/#.*//' "$2" | tr ';{}' '\\n\\n\\n' | sed -n "s/^[[:space:]]*include[[:space:]]\\{1,\\}[\\"']\\{0,1\\}\\([^\\"']*[^\\"'[:space:]]\\).*/\\1/p"
  else
    sed 's/[#!].*//' "$2" | sed -n "s/^[[:space:]]*include[a-z]*[[:space:]]\\{1,\\}[\\"']\\{0,1\\}\\([^\\"'[:space:]]*\\).*/\\1/p"
  fi
}
# pid, service, file, directory of the entry, depth
follow() {
  [ -f "$3" ] && [ "$5" -lt 9 ] || return 0
  # Types and parameters that every nginx has.
  case $3 in */mime.types|*_params|*/fastcgi.conf) return 0 ;; esac
  printf 'read\\t%s\\t%s\\n' "$1" "$3"
  case $seen in *"
$3
"*) ;; *) tell "$3" ;; esac
  included "$2" "$3" | while IFS= read -r pattern; do
    # keepalived looks beside the file that includes, nginx beside the one that it reads first.
    case "$2 $pattern" in *' /'*) ;; nginx*) pattern=$4/$pattern ;; *) pattern=\${3%/*}/$pattern ;; esac
    for one in $pattern; do follow "$1" "$2" "$one" "$4" $(($5 + 1)); done
  done
}
option() { sed -n "s/.*--$1=\\([^' ]*\\).*/\\1/p" | head -n 1; }
seen="$seen
"
for p in /proc/[0-9]*; do
  { read -r comm < "$p/comm"; } 2>/dev/null || continue
  case $comm in keepalived|nginx) ;; *) continue ;; esac
  above=; { read -r above < "/proc/$(sed -n 's/^PPid:[[:space:]]*//p' "$p/status")/comm"; } 2>/dev/null
  [ "$above" != "$comm" ] || continue
  [ "$(readlink "$p/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || continue
  pid=\${p#/proc/}; program=$(readlink "$p/exe") || continue
  unit=$(sed -n -e 's,^0::.*/\\([^/]*\\.service\\).*,\\1,p' -e 's,^[0-9]*:name=systemd:.*/\\([^/]*\\.service\\).*,\\1,p' "$p/cgroup" | head -n 1)
  [ -z "$unit" ] || [ "$(systemctl show -p MainPID "$unit")" = "MainPID=$pid" ] || unit=
  path=; enabled=
  if [ -n "$unit" ]; then
    path=$(systemctl show -p FragmentPath "$unit"); path=\${path#*=}
    enabled=$(systemctl show -p UnitFileState "$unit"); enabled=\${enabled#*=}
  fi
  entry=; under=
  # What nginx shows as its command line is one text.
  set -f
  if [ "$comm" = nginx ]; then set -- $(tr '\\0' ' ' < "$p/cmdline"); else IFS='
'; set -- $(tr '\\0' '\\n' < "$p/cmdline"); unset IFS; fi
  set +f
  while [ $# -gt 0 ]; do
    case "$comm $1" in
      'keepalived -f'|'keepalived --use-file'|'keepalived -'[A-Za-z]*f|'nginx -c') entry=$2 ;;
      'keepalived --use-file='*) entry=\${1#*=} ;;
      'keepalived -f'?*|'nginx -c'?*) entry=\${1#-?} ;;
      'nginx -p') under=$2 ;;
    esac
    shift
  done
  said=$("/proc/$pid/exe" "$([ "$comm" = nginx ] && echo -V || echo -v)" 2>&1)
  prefix=$(printf '%s\\n' "$said" | option prefix)
  if [ "$comm" = nginx ]; then
    under=\${under:-\${prefix:-/usr/local/nginx}}
    [ -n "$entry" ] || entry=$(printf '%s\\n' "$said" | option conf-path)
    entry=\${entry:-conf/nginx.conf}
    case $entry in /*) ;; *) entry=\${under%/}/$entry ;; esac
  elif [ -z "$entry" ]; then
    for entry in "$(printf '%s\\n' "$said" | option sysconfdir)" "$(printf '%s\\n' "$said" | option sysconf)" "$prefix/etc" /etc; do
      entry=$entry/keepalived/keepalived.conf
      [ ! -f "$entry" ] || break
    done
  else case $entry in /*) ;; *) entry=$(readlink "$p/cwd")/$entry ;; esac; fi
  printf 'ran\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$pid" "$comm" "$program" "$unit" "$path" "$enabled" "$entry"
  follow "$pid" "$comm" "$entry" "\${entry%/*}" 0
done
`;
