# For whoever holds the lock on descriptor 9: a handler that leaves the entrusted script to a process that outlives it,
# and keeps the lock until that is done.
# Arguments: entrusted_script

finish() {
  trap '' TERM HUP INT PIPE
  [ "$(systemctl is-system-running 2>/dev/null)" != stopping ] || echo down
  if [ -e "$entrusted_script" ]; then
    # shellcheck disable=SC2016 # Its own first argument.
    setsid sh -c 'mv -f "$1" "$1.now"; sh "$1.now"; rm -f "$1.now"' finish "$entrusted_script" </dev/null >/dev/null 2>&1 &
    # The wrapper of a command kills its whole process group: wait until that process has a group of its own.
    while [ -e "$entrusted_script" ]; do sleep 0.02 9>&-; done
  fi
  exit 0
}
