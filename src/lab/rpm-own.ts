/** Red Hat packages that Debian has no counterpart for: small stand-ins, written for the lab. */

export interface OwnPackage {
  readonly version: string;
  readonly summary: string;
  readonly requires: readonly string[];
  /** By its path, without the first slash. */
  readonly files: Readonly<Record<string, { readonly text: string; readonly mode: number }>>;
}

/**
 * A stand-in for Red Hat's /etc/rc.d/init.d/functions: the functions that init scripts call, with their
 * documented arguments and exit statuses, and the PATH that it sets.
 */
const functions = `# Stands for the functions of Red Hat's initscripts, in a lab of haup.
umask 022
PATH=/sbin:/usr/sbin:/bin:/usr/bin
export PATH

success() { printf '[  OK  ]\\r'; }
failure() { printf '[FAILED]\\r'; return 1; }
passed() { printf '[PASSED]\\r'; return 1; }
warning() { printf '[WARNING]\\r'; return 1; }

# The living processes that a pid file names: pids_of FILE
pids_of() {
  [ -r "$1" ] || return 3
  found=
  for p in $(cat "$1"); do
    if [ -d "/proc/$p" ]; then found="$found $p"; fi
  done
  echo $found
  [ -n "$found" ] || return 1
}

# The pid file of a program: [-p FILE] PROGRAM
pid_file() {
  if [ "$1" = -p ]; then echo "$2"; else echo "/run/\${1##*/}.pid"; fi
}

# daemon [--pidfile=FILE] [--user=NAME] PROGRAM [ARGUMENT]...
daemon() {
  file=
  as=
  while :; do
    case $1 in
      --pidfile=*) file=\${1#*=} ;;
      --user=*) as=\${1#*=} ;;
      --*) ;;
      *) break ;;
    esac
    shift
  done
  if pids_of "\${file:-$(pid_file "$1")}" >/dev/null; then return 0; fi
  if [ -n "$as" ]; then runuser -s /bin/sh "$as" -c "$*"; else /bin/sh -c "$*"; fi
  status=$?
  if [ "$status" = 0 ]; then success; else failure; fi
  return "$status"
}

# killproc [-p FILE] PROGRAM [-SIGNAL]; without a signal it waits, and kills what does not end
killproc() {
  file=$(pid_file "$@")
  if [ "$1" = -p ]; then shift 2; fi
  pids=$(pids_of "$file") || { failure; return 0; }
  if [ -n "$2" ]; then
    if kill "$2" $pids; then success; else failure; fi
    return
  fi
  kill -TERM $pids
  for second in 1 2 3 4; do
    pids_of "$file" >/dev/null || break
    sleep 1
  done
  if pids=$(pids_of "$file"); then kill -KILL $pids; fi
  rm -f "$file"
  success
}

# pidofproc [-p FILE] PROGRAM
pidofproc() { pids_of "$(pid_file "$@")"; }

# status [-p FILE] PROGRAM
status() {
  file=$(pid_file "$@")
  if [ "$1" = -p ]; then shift 2; fi
  pids=$(pids_of "$file")
  case $? in
    0) echo "\${1##*/} (pid $pids) is running..."; return 0 ;;
    1) echo "\${1##*/} dead but pid file exists"; return 1 ;;
  esac
  if [ -e "/var/lock/subsys/\${1##*/}" ]; then echo "\${1##*/} dead but subsys locked"; return 2; fi
  echo "\${1##*/} is stopped"
  return 3
}

# action TEXT COMMAND...
action() {
  printf '%s ' "$1"
  shift
  if "$@"; then success; else failure; fi
  status=$?
  echo
  return "$status"
}
`;

/** systemctl calls it too, as systemd-sysv-install, to enable an init script at boot. */
const chkconfig = `#!/bin/sh
# Stands for Red Hat's chkconfig, in a lab of haup: links by the line "# chkconfig: LEVELS START STOP" of a script.
case \${0##*/} in
  systemd-sysv-install) verb=$1 name=$2 ;;
  *) case $1 in
      --add) verb=disable name=$2 ;;
      --del) verb=del name=$2 ;;
      *) name=$1; case $2 in on) verb=enable ;; off) verb=disable ;; *) verb=is-enabled ;; esac ;;
    esac ;;
esac
script=/etc/init.d/$name
[ -e "$script" ] || { echo "error reading information on service $name: No such file or directory" >&2; exit 1; }
read -r levels start stop <<END
$(sed -n 's/^# chkconfig: *//p' "$script" | head -n 1)
END
[ -n "$stop" ] || { echo "service $name does not support chkconfig" >&2; exit 1; }
[ "$levels" = - ] && levels=
[ "$verb" = enable ] && levels=\${levels:-2345}
[ "$verb" = disable ] && levels=
[ "$verb" = is-enabled ] && { ls /etc/rc3.d/S[0-9][0-9]"$name" >/dev/null 2>&1; exit; }
for level in 0 1 2 3 4 5 6; do
  mkdir -p "/etc/rc$level.d"
  rm -f "/etc/rc$level.d"/[SK][0-9][0-9]"$name"
  [ "$verb" = del ] && continue
  case $levels in *$level*) link=S$start$name ;; *) link=K$stop$name ;; esac
  ln -s "../init.d/$name" "/etc/rc$level.d/$link"
done
exit 0
`;

export const ownPackages: Readonly<Record<string, OwnPackage>> = {
  initscripts: {
    version: '10.11',
    summary: 'Functions for init scripts',
    requires: ['chkconfig'],
    files: { 'etc/rc.d/init.d/functions': { text: functions, mode: 0o644 } },
  },
  chkconfig: {
    version: '1.24',
    summary: 'Has init scripts started at boot',
    requires: [],
    files: { 'usr/sbin/chkconfig': { text: chkconfig, mode: 0o755 } },
  },
};
