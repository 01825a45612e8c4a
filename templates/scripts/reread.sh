# A function that has a service read its configuration again.
# Arguments: service
# Needs: service-state

reread() {
  case $service in nginx) reread_by_nginx ;; *) systemctl reload "$service.service" 2>/dev/null ;; esac
}
# nginx answers a configuration that it cannot use (a port that another program has: `nginx -t` does not look) by going
# on with the one it had, and says so only in its log. New workers are the proof.
reread_by_nginx() {
  main_process
  before=$(workers)
  # Its standard error is its log.
  at=$(stat -L -c %s "/proc/$main/fd/2")
  systemctl reload nginx.service 2>/dev/null || return 1
  renewed=
  for _ in $(seq 50); do
    for worker in $(workers); do
      case $before in *"$worker"*) ;; *) renewed=yes ;; esac
    done
    [ -z "$renewed" ] || break
    # Its last word on a port that it has tried for.
    if complaints | grep -q 'still could not bind'; then break; fi
    sleep 0.1
  done
  [ -z "$renewed" ] || return 0
  echo 'nginx has not taken up its new configuration, and goes on with the one it had:' >&2
  complaints | sed 's/^[^[]*//' | uniq | tail -n 5 >&2
  ! runs || exit 1
  false
}
workers() { grep -ls "^PPid:[[:space:]]*$main\$" /proc/[0-9]*/status; }
complaints() { tail -c "+$((at + 1))" "/proc/$main/fd/2" | grep -F " $main#" | grep -E '\[(emerg|alert|crit)\]'; }
