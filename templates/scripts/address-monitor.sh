# The addresses of the host, for scripts that watch them.
#
# watch_changes SECONDS: prints each change as the kernel makes it. `ip monitor` ends with this shell, and in any case then.
# tell_addresses: prints all addresses with the time: by the clock, before and after, and since the boot, likewise. Fails when
# it is no longer read.
export LC_ALL=C TZ=UTC
PATH=$PATH:/usr/sbin:/sbin

watch_changes() {
  # iproute2 before 3.17 knows only the long form of a time.
  short=-t
  if ip -o -ts link show lo >/dev/null 2>&1; then short=-ts; fi
  # It notes the time when it gets to run, so it should get to run at once.
  nice -n -10 timeout "$1" ip -o "$short" monitor address &
  monitor=$!
  trap 'kill "$monitor" 2>/dev/null' EXIT
  trap 'exit 0' HUP INT TERM PIPE
  sleep 0.1
}

tell_addresses() {
  read -r before _ < /proc/uptime
  from=$(date +%s%N)
  read -r after _ < /proc/uptime
  # On lo a VIP is for the grace of a host that has given it up.
  list=$(ip -o addr show | while read -r _ name _ address _; do [ "$name" = lo ] || printf ' %s' "${address%%/*}"; done)
  printf 'tick %s %s %s %s%s\n' "$from" "$(date +%s%N)" "$before" "$after" "$list" 2>/dev/null
}
