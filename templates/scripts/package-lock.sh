# Functions that keep out of the way of another package run. `held_locks`: locks of the kernel; `named_locks`: files in
# which a process at work writes its number. `alone COMMAND…` runs it (by `attempt`) when no other run is at work, and
# again when another was quicker; it returns `locked_status` when all its waits together have taken `lock_wait` seconds.
# Arguments: held_locks named_locks lock_wait locked_status say_mark
busy() {
  for f in $named_locks; do
    p=
    { read -r p < "$f"; } 2>/dev/null || :
    [ -n "$p" ] && [ "$p" != $$ ] && [ -d "/proc/$p" ] && { echo "$p $f"; return; }
  done
  for f in $held_locks; do
    [ -e "$f" ] || continue
    for p in $(find /proc/[0-9]*/fd -lname "$f" 2>/dev/null | cut -d / -f 3 | sort -u); do
      grep -q "POSIX  *ADVISORY  *WRITE  *$p " /proc/locks && { echo "$p $f"; return; }
    done
  done
}
left=$lock_wait
others() {
  named=
  while other=$(busy); [ -n "$other" ]; do
    p=${other%% *}
    if [ "$named" != "$p" ]; then
      named=$p
      what=$(tr -c '[:print:]' ' ' < "/proc/$p/cmdline" 2>/dev/null | cut -c 1-100)
      started=$(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null | cut -d ' ' -f 20)
      age=$(($(cut -d . -f 1 /proc/uptime) - ${started:-0} / 100))
      who="process $p (${what% }), which runs for $age s, holds ${other#* }"
      [ "$left" -le 0 ] || echo "${say_mark}waiting for another package run: $who; for ${left} s at most"
    fi
    [ "$left" -gt 0 ] || { echo "Error: $who" >&2; return 1; }
    sleep 1
    left=$((left - 1))
  done
  [ -z "$named" ] || echo "${say_mark}the other package run has ended"
}
attempt() { "$@"; }
alone() {
  while :; do
    others || return "$locked_status"
    result=0
    attempt "$@" || result=$?
    # 200: dnf and yum have found their lock taken.
    case $result in 0) return 0 ;; 200) ;; *) [ -n "$(busy)" ] || return "$result" ;; esac
    if [ "$left" -le 0 ]; then return "$result"; fi
    left=$((left - 1))
  done
}
