# The addresses of the host as they change, and all of them every second with the time. Ends when it is no longer read (the
# second's line finds a closed pipe), when it is told to, and in any case after `seconds`; `ip monitor` ends with it.
# Arguments: seconds
export LC_ALL=C TZ=UTC
PATH=$PATH:/usr/sbin:/sbin
# iproute2 before 3.17 knows only the long form of a time.
short=-t
if ip -o -ts link show lo >/dev/null 2>&1; then short=-ts; fi
# It notes the time when it gets to run, so it should get to run at once.
nice -n -10 timeout "$seconds" ip -o "$short" monitor address &
monitor=$!
trap 'kill "$monitor" 2>/dev/null' EXIT
trap 'exit 0' HUP INT TERM PIPE
sleep 0.1
left=$seconds
while [ "$left" -gt 0 ]; do
  read -r before _ < /proc/uptime
  from=$(date +%s%N)
  read -r after _ < /proc/uptime
  # On lo a VIP is for the grace of a host that has given it up.
  list=$(ip -o addr show | while read -r _ name _ address _; do [ "$name" = lo ] || printf ' %s' "${address%%/*}"; done)
  printf 'tick %s %s %s %s%s\n' "$from" "$(date +%s%N)" "$before" "$after" "$list" 2>/dev/null || exit 0
  left=$((left - 1))
  sleep 1
done
