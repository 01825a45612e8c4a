# Takes a lab down, by the command `$@`, when a process ends.
# Arguments: join_group directory pid ticks $@
trap '' HUP INT
unshare --mount --propagation slave sh -ec "$join_group" sh $$ || exit 1
# The number of a process is used again, its number with its start is not.
alive() {
  line=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
  # shellcheck disable=SC2086 # Fields.
  set -- ${line##*)}
  [ "${20}" = "$ticks" ] && [ "$1" != Z ]
}
while alive; do
  [ -d "$directory" ] || exit 0
  sleep 0.5
done
tries=0
until "$@" >/dev/null 2>&1 </dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 20 ] || exit 1
  sleep 1
done
