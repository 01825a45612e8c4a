# Functions that tell how a service does: the exit status of systemctl proves nothing.
# Arguments: service stopping_status

# A place in the journal: times there are the clock's, which may be set in the meantime.
since=$(journalctl -q --no-pager -n 1 -o cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')
# Ends the script with what the service said since then.
fail() {
  [ "$(systemctl is-system-running)" != stopping ] || exit "$stopping_status"
  [ "$(systemctl show -p LoadState "$service.service")" != LoadState=not-found ] ||
    { echo "there is no $service.service: it is not installed, or not registered" >&2; exit 1; }
  journalctl -q --no-pager -o cat -u "$service.service" ${since:+--after-cursor="$since"} | uniq | tail -n 15 >&2
  exit 1
}
runs() { case $(systemctl is-active "$service.service") in active|reloading) ;; *) false ;; esac; }
# `systemctl start` may report success for a daemon that dies on its configuration a moment later.
settles() {
  for _ in 1 2 3; do
    sleep 0.15
    [ "$(systemctl is-active "$service.service")" = active ] &&
      [ "$(systemctl show -p MainPID "$service.service")" != MainPID=0 ] || return 1
  done
}
main_process() {
  main=$(systemctl show -p MainPID "$service.service")
  main=${main#MainPID=}
}
