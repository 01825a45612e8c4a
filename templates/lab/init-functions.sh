# Stand-in for the functions of Red Hat's initscripts, in a lab of haup.
umask 022
PATH=/sbin:/usr/sbin:/bin:/usr/bin
export PATH

success() { printf '[  OK  ]\r'; }
failure() { printf '[FAILED]\r'; return 1; }
passed() { printf '[PASSED]\r'; return 1; }
warning() { printf '[WARNING]\r'; return 1; }

# The living processes that a pid file names: pids_of FILE
pids_of() {
  [ -r "$1" ] || return 3
  found=
  listed=$(cat "$1")
  for p in $listed; do
    if [ -d "/proc/$p" ]; then found="$found $p"; fi
  done
  echo "${found# }"
  [ -n "$found" ] || return 1
}

# The pid file of a program: [-p FILE] PROGRAM
pid_file() {
  if [ "$1" = -p ]; then echo "$2"; else echo "/run/${1##*/}.pid"; fi
}

# daemon [--pidfile=FILE] [--user=NAME] PROGRAM [ARGUMENT]...
daemon() {
  file=
  as=
  while :; do
    case $1 in
      --pidfile=*) file=${1#*=} ;;
      --user=*) as=${1#*=} ;;
      --*) ;;
      *) break ;;
    esac
    shift
  done
  if pids_of "${file:-$(pid_file "$1")}" >/dev/null; then return 0; fi
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
    # shellcheck disable=SC2086 # Process IDs.
    if kill "$2" $pids; then success; else failure; fi
    return
  fi
  # shellcheck disable=SC2086 # Process IDs.
  kill -TERM $pids
  for _ in 1 2 3 4; do
    pids_of "$file" >/dev/null || break
    sleep 1
  done
  # shellcheck disable=SC2086 # Process IDs.
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
    0) echo "${1##*/} (pid $pids) is running..."; return 0 ;;
    1) echo "${1##*/} dead but pid file exists"; return 1 ;;
  esac
  if [ -e "/var/lock/subsys/${1##*/}" ]; then echo "${1##*/} dead but subsys locked"; return 2; fi
  echo "${1##*/} is stopped"
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
