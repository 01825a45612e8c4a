# Runs the script $1 within `limit` seconds, and no longer than stdin is open.
# Arguments: limit
# Needs: begin-script

# A command with & would get /dev/null for its stdin, so the lifeline moves to another descriptor. `timeout` leads a
# process group. It is the group that gets the signals: timeout dies alone of one that comes before it knows its child
# (coreutils before 9.2).
exec 3<&0
if command -v timeout >/dev/null 2>&1; then timeout -k 5 "$limit" sh -c "$1" 3<&- & script=$!
else sh -c "$1" 3<&- & script=$!; fi
{ while read -r _; do :; done; kill -TERM -$script || kill -TERM $script; } <&3 3<&- >/dev/null 2>&1 & watcher=$!
exec 3<&-
wait $script; status=$?
{ kill $watcher; kill -KILL -$script; } 2>/dev/null
exit $status
