# Takes a lab down when a process ends: by the command `$@`, or by itself where that fails.
# Arguments: join_group end_lab program directory pid ticks $@
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
  if [ ! -e "$program" ] || [ $tries -ge 20 ]; then
    exec unshare --mount --propagation slave sh -c "$end_lab"
  fi
  sleep 1
done
